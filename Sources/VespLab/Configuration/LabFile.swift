import Glibc
import Yams

/// The text of a lab file and the tree that it describes, before anybody asks what it means.
struct LabFile {
    /// The largest lab file in bytes: room for some ten thousand modules.
    static let maximumSize = 1 << 20
    /// How much is read at a time, in bytes.
    private static let chunkSize = 65_536

    /// The path as it was given, for messages.
    let path: String
    /// The top of the tree.
    let root: LabFileValue

    /// Reads a file and takes it apart.
    init(path: String) throws(ConfigurationError) {
        try self.init(path: path, bytes: Self.contents(of: path))
    }

    /// Takes the content of a file apart.
    init(path: String, bytes: [UInt8]) throws(ConfigurationError) {
        self.path = path
        guard bytes.count <= Self.maximumSize else {
            throw ConfigurationError(
                file: path, sentence: "the file is larger than \(Self.maximumSize) bytes; describe fewer modules in it."
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                file: path, line: Self.lineOfInvalidText(in: bytes),
                sentence: "the text is not UTF-8; save the file in that encoding.")
        }
        if let line = AliasScanner.firstLine(in: text) {
            throw ConfigurationError(
                file: path, line: line,
                sentence: "anchors (&) and aliases (*) are not used in lab files; write the value out, or put a text "
                    + "that starts so in quotes.")
        }
        let node: Node?
        do { node = try compose(yaml: text) } catch { throw Self.refusal(of: text, path: path, error) }
        let value = node.map { LabFileValue(node: $0, key: "", file: path) }
        guard let value, !value.isNull else {
            throw ConfigurationError(
                file: path, sentence: "the file is empty; describe at least one module, as in modules: [{name: esp}].")
        }
        root = value
    }

    private static func contents(of path: String) throws(ConfigurationError) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw unavailable(path, ENOENT) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unavailable(path, errno) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkSize)
        while content.count <= maximumSize {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count > 0 { content += chunk[..<count] } else if errno != EINTR { throw unavailable(path, errno) }
        }
        return content
    }

    private static func unavailable(_ path: String, _ number: Int32) -> ConfigurationError {
        if number == EISDIR {
            return ConfigurationError(file: path, sentence: "this is a directory; give the path of a lab file.")
        }
        return ConfigurationError(
            kind: .unavailable, file: path,
            sentence:
                "the lab file cannot be read (\(String(cString: strerror(number)))); give the path of one that can.")
    }

    private static func lineOfInvalidText(in bytes: [UInt8]) -> Int {
        var line = 1
        // No line feed is part of another character in UTF-8, so lines can be looked at one by one.
        for content in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if String(validating: content, as: UTF8.self) == nil { return line }
            line += 1
        }
        return line
    }

    /// Puts an error of the parser in our words.
    private static func refusal(of text: String, path: String, _ error: any Error) -> ConfigurationError {
        var line: Int?
        var sentence = "the file is not YAML (\(error)); correct it."
        switch error as? YamlError {
        case .reader(let problem, let offset, _, _):
            if let offset { line = text.prefix(offset).count(where: \.isNewline) + 1 }
            sentence = "the file is not YAML (\(problem)); remove the character."
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            line = mark.line
            sentence = "this is not YAML (\(problem)); check the brackets, quotes and indentation, which is by spaces."
        case .composer(_, _, let mark, _):
            line = mark.line
            sentence = "a second document starts here; keep one, and give other labs files of their own."
        case .duplicatedKeysInMapping(let keys, let context):
            line = context.mark.line
            let names = keys.map(InvalidValue.quoted).joined(separator: ", ")
            sentence = "\(names) is there more than once; keep one of them."
        default:
            break
        }
        return ConfigurationError(file: path, line: line, sentence: sentence)
    }
}
