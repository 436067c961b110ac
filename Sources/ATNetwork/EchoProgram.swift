import ATPrimitives
import CPosix
import Glibc

/// The `ping` of iputils, which works for everybody.
struct EchoProgram: Sendable {
    /// A request takes a second at most; the rest is for a machine that is busy.
    private static let timeLimitMilliseconds: CInt = 3_000
    private static let outputLimit = 2_048

    /// A path, or a name that is looked for in PATH.
    let program: String

    /// Sends one request with 32 data bytes and waits for the reply. Blocks for up to three seconds.
    ///
    /// - Returns: The round trip in whole milliseconds, or nil if there was no reply or no such program.
    func ping(_ target: IPv4Address) -> Int? {
        var output = [CChar](repeating: 0, count: Self.outputLimit)
        let count = withArguments([program, "-n", "-c", "1", "-W", "1", "-s", "32", target.description]) {
            cposix_run(program, $0, &output, Self.outputLimit, Self.timeLimitMilliseconds)
        }
        guard count > 0 else { return nil }
        return Self.milliseconds(
            in: String(decoding: output[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// The time of the reply, for example 12 for `… time=12.7 ms`.
    static func milliseconds(in output: String) -> Int? {
        for word in output.split(whereSeparator: \.isWhitespace)
        where word.hasPrefix("time=") || word.hasPrefix("time<") {
            let digits = word.dropFirst(5).prefix { $0.isASCII && $0.isNumber }
            // `time<1` is how some print less than one.
            return word.hasPrefix("time<") ? 0 : Int(digits)
        }
        return nil
    }

    private func withArguments(
        _ arguments: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> CInt
    ) -> CInt {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { $0.baseAddress.map(body) ?? -EINVAL }
    }
}
