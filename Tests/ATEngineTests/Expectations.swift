import Testing

/// What a module says to one thing, and what it asks of the world because of it, in order and with nothing else.
func expect(
    _ reaction: Bench.Reaction, says output: String = "", asks effects: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(reaction.output == output, sourceLocation: sourceLocation)
    #expect(reaction.effects == effects, sourceLocation: sourceLocation)
}

/// `\r\nOK\r\n` with escapes.
let ok = #"\r\nOK\r\n"#
/// `\r\nERROR\r\n` with escapes.
let error = #"\r\nERROR\r\n"#
