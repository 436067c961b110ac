import ATPrimitives

/// A host that reacts: it asks its module one thing after another, each when the answer to the last has come.
public struct SimulatedHost: Sendable {
    /// What it does next.
    public enum Step: Sendable, Hashable {
        /// Sends bytes and waits until a text has come. A refusal makes it ask again.
        case ask([UInt8], until: [UInt8])
        /// Waits, whatever the module says.
        case pause(Interval)
    }

    /// What ends an answer that was not the wanted one.
    static let refusals = ["\r\nERROR\r\n", "\r\nFAIL\r\n", "\r\nbusy p...\r\n"].map { [UInt8]($0.utf8) }
    /// How long it waits before it asks again.
    static let patience = Interval.milliseconds(100)

    private var steps: ArraySlice<Step>
    /// What has come since it asked; empty while it does not wait for an answer.
    private var answer: [UInt8] = []
    /// When it goes on by itself; nil while it waits for an answer, or is done.
    public private(set) var deadline: Instant?

    /// - Parameters:
    ///   - steps: what it does, in this order.
    ///   - start: when it begins.
    public init(_ steps: [Step], start: Instant) {
        self.steps = steps[...]
        deadline = steps.isEmpty ? nil : start
    }

    /// Whether it has done all.
    public var isDone: Bool { steps.isEmpty }

    /// Its deadline has come.
    /// - Returns: what it sends now.
    public mutating func wake(at now: Instant) -> [UInt8]? {
        guard let deadline, deadline <= now else { return nil }
        return next(at: now)
    }

    /// The module says something.
    /// - Returns: what it sends to that.
    public mutating func hear(_ bytes: [UInt8], at now: Instant) -> [UInt8]? {
        guard deadline == nil, case .ask(_, let expected) = steps.first else { return nil }
        answer += bytes
        if answer.firstRange(of: expected) != nil {
            steps.removeFirst()
            return next(at: now)
        }
        if Self.refusals.contains(where: { answer.firstRange(of: $0) != nil }) {
            answer = []
            deadline = now + Self.patience
        }
        return nil
    }

    private mutating func next(at now: Instant) -> [UInt8]? {
        answer = []
        deadline = nil
        switch steps.first {
        case .ask(let bytes, _): return bytes
        case .pause(let length):
            steps.removeFirst()
            deadline = now + length
            return nil
        case nil: return nil
        }
    }
}

extension SimulatedHost.Step {
    /// A command and the text that ends its answer.
    public static func command(_ line: String, until text: String = "\r\nOK\r\n") -> SimulatedHost.Step {
        .ask([UInt8]((line + "\r\n").utf8), until: [UInt8](text.utf8))
    }

    /// Bytes without a line end, and the text that must come.
    public static func bytes(_ bytes: String, until text: String) -> SimulatedHost.Step {
        .ask([UInt8](bytes.utf8), until: [UInt8](text.utf8))
    }
}

/// A lab whose modules have hosts that react.
public struct HostedLab: Sendable {
    /// Something that a module has said.
    public struct Utterance: Sendable, Hashable {
        public let time: Instant
        public let module: SimulatedLab.ModuleID
        public let bytes: [UInt8]
    }

    public var lab: SimulatedLab
    /// One for each module, at its number; nil for a module that nobody talks to.
    public private(set) var hosts: [SimulatedHost?]
    /// What the modules have said, in the order in which they said it.
    public private(set) var heard: [Utterance] = []

    /// - Parameter lab: booted, with all its modules.
    public init(_ lab: SimulatedLab) {
        self.lab = lab
        hosts = Array(repeating: nil, count: lab.moduleIDs.count)
    }

    /// Puts a host at a module's serial line.
    public mutating func attach(_ host: SimulatedHost, to module: SimulatedLab.ModuleID) {
        hosts[module.number] = host
    }

    /// Lets time pass, with the hosts at work. At one instant hosts that were waiting for it go first, in the order of the
    /// modules, then those that hear something.
    public mutating func run(for length: Interval) throws(SimulationFailure) {
        let end = lab.now + length
        while true {
            try wakeHosts()
            let next = min(hosts.compactMap { $0?.deadline }.min() ?? end, end)
            if let module = try lab.waitForOutput(until: next) {
                let bytes = lab.takeOutput(of: module)
                heard.append(Utterance(time: lab.now, module: module, bytes: bytes))
                if let batch = hosts[module.number]?.hear(bytes, at: lab.now) { try lab.send(batch, to: module) }
            } else if next == end {
                return
            }
        }
    }

    /// Whether all hosts have done what they wanted.
    public var isDone: Bool { hosts.allSatisfy { $0?.isDone ?? true } }

    /// All that a module has said.
    public func transcript(of module: SimulatedLab.ModuleID) -> [UInt8] {
        heard.filter { $0.module == module }.flatMap(\.bytes)
    }

    private mutating func wakeHosts() throws(SimulationFailure) {
        for module in lab.moduleIDs {
            guard let batch = hosts[module.number]?.wake(at: lab.now) else { continue }
            try lab.send(batch, to: module)
        }
    }
}
