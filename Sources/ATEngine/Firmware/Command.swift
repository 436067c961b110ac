import ATPrimitives

/// One entry of the command table: the only place that knows a command.
public struct Command: Sendable {
    typealias Handler = @Sendable (inout Engine) -> Outcome

    /// What stands after `AT`, for example `+CWMODE`.
    public let name: StaticString
    /// The manual's section; empty for what the manual does not know.
    public let section: StaticString

    let test: Handler?
    let query: Handler?
    let assignment: SetForm?
    let execute: Handler?

    init(
        _ name: StaticString, _ section: StaticString, test: Handler? = nil, query: Handler? = nil,
        set: SetForm? = nil, execute: Handler? = nil
    ) {
        self.name = name
        self.section = section
        self.test = test
        self.query = query
        assignment = set
        self.execute = execute
    }

    /// Which forms the command has (manual 2).
    public var hasTest: Bool { test != nil }
    public var hasQuery: Bool { query != nil }
    public var hasSet: Bool { assignment != nil }
    public var hasExecute: Bool { execute != nil }
    /// The fields of the set form in order; empty if there is none.
    public var fields: [Field] { assignment?.fields ?? [] }
    /// Whether the set form has no `=`, as in `ATE0`.
    public var isSetByDigit: Bool { assignment?.separator == .digit }

    /// A form that only prints a line and OK.
    static func line(_ text: StaticString) -> Handler {
        { engine in
            engine.line(text)
            return .ok
        }
    }

    /// A form that only answers OK.
    static let accepted: Handler = { _ in .ok }
}

/// The set form of a command: its fields, how they begin, and what is done with them.
struct SetForm: Sendable {
    /// What stands between the name and the first field.
    enum Separator: Sendable {
        /// One character, whatever it is: `=`, or a digit (reference 1.7).
        case any
        /// Nothing: the digit belongs to the field (ATE0).
        case digit
    }

    typealias Check = @Sendable (inout Engine) throws(Refusal) -> Void
    typealias Body = @Sendable (inout Engine, inout Arguments) throws(Refusal) -> Outcome

    let fields: [Field]
    let separator: Separator
    /// What the firmware looks at before it reads the first field.
    let check: Check?
    let body: Body

    func run(_ engine: inout Engine, _ arguments: inout Arguments) -> Outcome {
        do throws(Refusal) {
            try check?(&engine)
            if separator == .any { arguments.skipOne() }
            return try body(&engine, &arguments)
        } catch {
            return .refused(error)
        }
    }

    static func takes<A>(
        _ a: Parameter<A>, separator: Separator = .any, after check: Check? = nil,
        _ body: @escaping @Sendable (inout Engine, A) throws(Refusal) -> Outcome
    ) -> SetForm {
        SetForm(fields: a.fields, separator: separator, check: check) { engine, arguments throws(Refusal) in
            let a = try arguments.last(a, engine)
            return try body(&engine, a)
        }
    }

    static func takes<A, B>(
        _ a: Parameter<A>, _ b: Parameter<B>, after check: Check? = nil,
        _ body: @escaping @Sendable (inout Engine, A, B) throws(Refusal) -> Outcome
    ) -> SetForm {
        SetForm(fields: a.fields + b.fields, separator: .any, check: check) { engine, arguments throws(Refusal) in
            let a = try arguments.field(a, engine)
            let b = try arguments.last(b, engine)
            return try body(&engine, a, b)
        }
    }

    static func takes<A, B, C, D>(
        _ a: Parameter<A>, _ b: Parameter<B>, _ c: Parameter<C>, _ d: Parameter<D>, after check: Check? = nil,
        _ body: @escaping @Sendable (inout Engine, A, B, C, D) throws(Refusal) -> Outcome
    ) -> SetForm {
        SetForm(fields: a.fields + b.fields + c.fields + d.fields, separator: .any, check: check) {
            engine, arguments throws(Refusal) in
            let a = try arguments.field(a, engine)
            let b = try arguments.field(b, engine)
            let c = try arguments.field(c, engine)
            let d = try arguments.last(d, engine)
            return try body(&engine, a, b, c, d)
        }
    }

    static func takes<A, B, C, D, E>(
        _ a: Parameter<A>, _ b: Parameter<B>, _ c: Parameter<C>, _ d: Parameter<D>, _ e: Parameter<E>,
        _ body: @escaping @Sendable (inout Engine, A, B, C, D, E) throws(Refusal) -> Outcome
    ) -> SetForm {
        SetForm(fields: a.fields + b.fields + c.fields + d.fields + e.fields, separator: .any, check: nil) {
            engine, arguments throws(Refusal) in
            let a = try arguments.field(a, engine)
            let b = try arguments.field(b, engine)
            let c = try arguments.field(c, engine)
            let d = try arguments.field(d, engine)
            let e = try arguments.last(e, engine)
            return try body(&engine, a, b, c, d, e)
        }
    }
}

extension Arguments {
    /// A field that a comma follows.
    fileprivate mutating func field<Value>(_ parameter: Parameter<Value>, _ engine: Engine) throws(Refusal) -> Value {
        let value = try parameter.read(&self, engine)
        guard !isEnded, skip(UInt8(ascii: ",")) else { throw parameter.misfollowed }
        return value
    }

    /// A field that the end of the line follows.
    fileprivate mutating func last<Value>(_ parameter: Parameter<Value>, _ engine: Engine) throws(Refusal) -> Value {
        let value = try parameter.read(&self, engine)
        guard isEnded else { throw parameter.misfollowed }
        return value
    }
}
