import ATSimulation

/// What one module said and asked for in one block.
struct ModuleObservation {
    let answer: [UInt8]
    let requests: [ModuleRequest]
}

/// What the modules said and asked for in one block.
struct Observation {
    let block: Block
    /// In the order of the header.
    let modules: [ModuleObservation]

    /// The first thing that is not as the block says: module by module, of each the answer before the requests.
    func difference(in transcript: Transcript) -> Difference? {
        for (module, observed) in modules.enumerated() {
            if let mismatch = mismatch(of: module) {
                return Difference(
                    file: transcript.file, block: block, module: module, name: transcript.header.name(of: module),
                    answer: observed.answer, mismatch: mismatch)
            }
            if let unmet = unmetRequest(of: module) {
                return Difference(
                    file: transcript.file, name: transcript.header.name(of: module), expected: unmet,
                    came: observed.requests)
            }
        }
        return nil
    }

    /// Where a module's answer leaves what its `<` lines say; one without any is silent.
    func mismatch(of module: Int) -> Mismatch? {
        BlockPattern(lines: block.expected(of: module), addresses: .exact).mismatch(with: modules[module].answer)
    }

    /// The first `~` line that did not come true. They must come in order; others may stand between.
    func unmetRequest(of module: Int) -> ExpectedRequest? {
        var rest = modules[module].requests[...]
        for expected in block.requests where expected.module == module {
            guard let index = rest.firstIndex(of: expected.request) else { return expected }
            rest = rest[(index + 1)...]
        }
        return nil
    }
}
