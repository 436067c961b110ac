import Glibc

/// Does one operation of the engine so many times, for a tool that counts what it costs: `EngineBenchmark at 1000`.
///
/// The cost of one operation is the difference between two runs, divided by the difference of their counts; starting
/// the process and bringing the module into its steady state cancel out (Benchmarks/README.md).
@main
struct EngineBenchmark {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.elementsEqual(["list"]) {
            for operation in Operation.allCases { print(operation.rawValue) }
            return
        }
        guard arguments.count == 2, let name = arguments.first, let operation = Operation(rawValue: name),
            let count = arguments.last.flatMap(Int.init), count > 0
        else {
            print("usage: EngineBenchmark list | OPERATION COUNT")
            exit(64)
        }
        var module = BenchmarkModule(preparedFor: operation)
        for _ in 0..<count { module.perform(operation) }
    }
}

/// What is measured. The names stand in `thresholds.json`.
enum Operation: String, CaseIterable {
    /// `AT` and its OK, echo off.
    case at
    /// `AT` and its OK, echo on.
    case atEchoed = "at-echoed"
    /// A 2048-byte CIPSEND: command, prompt, payload, the send effect, its acknowledgement, SEND OK; echo off.
    case send
    /// The same with echo on: the payload comes back too.
    case sendEchoed = "send-echoed"
    /// A segment of 1460 bytes from the network becomes one +IPD.
    case receive
    /// `at-echoed` and `receive` with bytes that take their time on the line, at 115200 baud: an owner that wakes for each.
    case atPaced = "at-paced"
    case receivePaced = "receive-paced"

    var isEchoed: Bool { self == .atEchoed || self == .sendEchoed || self == .atPaced }
    var isPaced: Bool { self == .atPaced || self == .receivePaced }
}
