import ATPrimitives

/// What a command comes to.
enum Outcome: Sendable {
    /// OK, and the parser is idle.
    case ok
    /// The refusal's lines, and the parser is idle.
    case refused(Refusal)
    /// The answer comes later; until then the parser is busy.
    case pending
    /// The command has said all there is to say; the parser is idle.
    case silent
    /// The prompt is out; so many bytes of payload follow for the link.
    case collect(LinkID, Socket, count: Int)
    /// The prompt is out; every byte is payload from now on.
    case transparent

    static let error = Outcome.refused(.error)
}

/// Why a command is not carried out: an optional line, then ERROR, or nothing.
struct Refusal: Error, Sendable {
    let text: StaticString?
    let endsInError: Bool

    /// ERROR alone.
    static let error = Refusal(text: nil, endsInError: true)

    /// A line, then ERROR.
    static func text(_ text: StaticString) -> Refusal {
        Refusal(text: text, endsInError: true)
    }

    /// A line and nothing else (the manual's "returns …").
    static func bare(_ text: StaticString) -> Refusal {
        Refusal(text: text, endsInError: false)
    }
}
