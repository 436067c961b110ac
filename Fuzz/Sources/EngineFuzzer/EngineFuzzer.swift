/// What libFuzzer calls with each input: the bytes make the choices of one simulation, and a rule that is broken is a
/// crash.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEngine(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var simulation = Simulation(Choices(bytes: [UInt8](UnsafeBufferPointer(start: start, count: count))))
    do throws(Violation) {
        _ = try simulation.run()
    } catch {
        fatalError(error.description)
    }
    return 0
}
