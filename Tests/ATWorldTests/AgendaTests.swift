import ATPrimitives
import Testing

@testable import ATWorld

@Suite("The agenda")
struct AgendaTests {
    @Test("what is to happen comes in the order of time, and at one instant in the order of numbers")
    func order() {
        var random = RandomSource(seed: 3)
        var agenda = Agenda<UInt64>()
        var expected: [(time: Int64, number: UInt64)] = []
        var taken: [(time: Int64, number: UInt64)] = []
        for number in UInt64(0)..<2_000 {
            let time = Int64(random.number(below: 50)) + Int64(number) / 10
            agenda.insert(number, at: Instant(microseconds: time), number: number)
            expected.append((time, number))
        }
        while let time = agenda.nextTime?.microseconds {
            #expect(agenda.removeFirst(dueAt: Instant(microseconds: time - 1)) == nil)
            guard let number = agenda.removeFirst(dueAt: Instant(microseconds: time)) else { break }
            taken.append((time, number))
        }
        expected.sort { $0 < $1 }
        #expect(taken.map(\.number) == expected.map(\.number))
        #expect(taken.map(\.time) == expected.map(\.time))
        #expect(agenda.count == 0)
    }

    @Test("places are used again")
    func reuse() {
        var agenda = Agenda<Int>()
        for round in 0..<1_000 {
            agenda.insert(round, at: .zero, number: UInt64(round))
            agenda.insert(-round, at: .zero, number: UInt64(round) + 1)
            #expect(agenda.removeFirst(dueAt: .zero) == round)
            #expect(agenda.removeFirst(dueAt: .zero) == -round)
        }
        #expect(agenda.nextTime == nil)
    }
}
