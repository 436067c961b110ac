import ATEngine
import ATPrimitives

// The way over the air.
extension HostPath {
    static func isLocal(_ actual: Endpoint) -> Bool {
        Subnet(containing: .loopback, prefixLength: 8).contains(actual.address)
    }

    /// When a packet that is sent now arrives; nil if it is lost for good.
    func arrival(on line: inout DelayLine, byteCount: Int, isLocal: Bool, isReliable: Bool) -> Instant? {
        let quality = quality(isLocal)
        let now = clock.now
        guard quality != .perfect else { return now }
        var penalty = Interval.zero
        var again = Self.retransmission
        for _ in 0..<Self.retransmissions {
            if let due = line.arrival(ofBytes: byteCount + Self.headers, quality: quality, at: now) {
                return due + penalty
            }
            guard isReliable else { return nil }
            penalty = penalty + again
            again = again * 2
        }
        return now + quality.latency + penalty
    }

    func submit(_ request: HostFlow.Request, byteCount: Int, on socket: Socket) {
        guard var flow = flows[socket] else { return }
        guard !flow.isDatagram || flow.requests.count < Self.requestLimit,
            let due = arrival(on: &up, byteCount: byteCount, isLocal: flow.isLocal, isReliable: !flow.isDatagram)
        else { return }
        let isNow = due <= clock.now && flow.requests.isEmpty
        flow.requests.append(request, due: due)
        flows[socket] = flow
        if isNow { performFirst(of: socket) } else { alarm?.set(for: due) }
    }

    func ask(_ question: Question, due: Instant) {
        guard questions.count < Self.requestLimit else { return }
        let isNow = due <= clock.now && questions.isEmpty
        questions.append(question, due: due)
        if isNow { performQuestion() } else { alarm?.set(for: due) }
    }

    func report(_ event: Event, on socket: Socket) {
        guard let flow = flows[socket],
            let due = arrival(on: &down, byteCount: 0, isLocal: flow.isLocal, isReliable: true)
        else { return }
        flows[socket]?.reports.append(.event(event), due: due)
        schedule(due)
    }

    func answer(_ event: Event, due: Instant) {
        answers.append(event, due: due)
        schedule(due)
    }

    /// What has come is told at once if it is due: the network calls when the module is not at work.
    func schedule(_ due: Instant) {
        if due <= clock.now { work() } else { alarm?.set(for: due) }
    }

    /// Does all that is due, the earliest first. A module that is told of something may leave the network by that; what
    /// it was just told of is still in its queue then, so the rest is lost afterwards.
    func work() {
        guard isAttached, !isWorking else { return }
        isWorking = true
        defer { isWorking = false }
        while isAttached, let next = earliest, next.due <= clock.now { perform(next.step) }
        guard isAttached else { return loseWhatIsOnTheAir() }
        if let next = earliest { alarm?.set(for: next.due) }
    }

    /// The radio has gone: datagrams, questions and their answers are lost.
    func loseWhatIsOnTheAir() {
        for socket in flows.keys { flows[socket]?.loseDatagrams() }
        questions = PacketQueue()
        answers = PacketQueue()
    }

    enum Step {
        case question
        case answer
        case flow(Socket)
    }

    /// Among those of one instant: questions, answers, then sockets by their number.
    var earliest: (due: Instant, step: Step)? {
        var earliest: (due: Instant, step: Step)?
        func consider(_ due: Instant?, _ step: Step) {
            if let due, due < earliest?.due ?? .never { earliest = (due, step) }
        }
        consider(questions.due, .question)
        consider(answers.due, .answer)
        for socket in flows.keys.sorted(by: { $0.number < $1.number }) { consider(flows[socket]?.due, .flow(socket)) }
        return earliest
    }

    func perform(_ step: Step) {
        switch step {
        case .question: performQuestion()
        case .answer: module.handle(answers.removeFirst())
        case .flow(let socket):
            guard let flow = flows[socket], let due = flow.due else { return }
            if flow.requests.due == due { performFirst(of: socket) } else { reportFirst(of: socket) }
        }
    }

    func performQuestion() {
        switch questions.removeFirst() {
        case .resolve(let lookup, let name): network.resolve(lookup, name: name)
        case .ping(let ping, let actual): network.ping(ping, to: actual)
        }
    }

    func performFirst(of socket: Socket) {
        switch flows[socket]?.requests.removeFirst() {
        case .connect(let shown, let actual): network.connect(socket, to: shown, via: actual)
        case .send(let bytes, let shown, let actual): network.send(socket, bytes.span, to: shown, via: actual)
        case .close: network.close(socket)
        case nil: break
        }
    }

    func reportFirst(of socket: Socket) {
        if flows[socket]?.isBlocked == true { return reportAcknowledgement(of: socket) }
        switch flows[socket]?.reports.first {
        case .event(let event):
            _ = flows[socket]?.reports.removeFirst()
            if event.isLast { flows[socket] = nil }
            module.handle(event)
        case .payload(let bytes, let sender):
            let taken = module.deliver(bytes.span, on: socket, from: sender)
            // The module may have closed the socket meanwhile.
            guard var flow = flows[socket] else { return }
            flow.heldBytes -= taken
            flow.isBlocked = taken < bytes.count
            if flow.isBlocked {
                flow.reports.replaceFirst(by: .payload([UInt8](bytes[taken...]), from: sender))
            } else {
                _ = flow.reports.removeFirst()
            }
            let wakes = flow.hasTurnedAway && taken > 0
            if wakes { flow.hasTurnedAway = false }
            flows[socket] = flow
            if wakes { network.resume(socket) }
        case nil: break
        }
    }

    /// The far end has what was sent, whether the module takes payload or not.
    private func reportAcknowledgement(of socket: Socket) {
        guard case .event(let event) = flows[socket]?.reports.removeFirst(where: \.isAcknowledgement) else { return }
        module.handle(event)
    }
}

extension Event {
    /// Whether nothing is told about the socket afterwards.
    fileprivate var isLast: Bool {
        switch self {
        case .reset, .closed, .unreachable: true
        default: false
        }
    }
}
