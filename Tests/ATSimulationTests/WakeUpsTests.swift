import ATPrimitives
import Testing

@testable import ATSimulation

@Suite("Who is woken first")
struct WakeUpsTests {
    @Test("the earliest, and of two at one instant the one that was added first", arguments: [1, 2, 3, 7, 8, 100])
    func order(_ count: Int) {
        var random = RandomSource(seed: UInt64(count))
        var wakeUps = WakeUps()
        #expect(wakeUps.first == nil)
        for _ in 0..<count { wakeUps.append() }
        #expect(wakeUps.first == nil)
        var times = [Instant?](repeating: nil, count: count)
        for _ in 0..<1_000 {
            let module = Int(random.number(below: UInt64(count)))
            let time = random.number(below: 4) == 0 ? nil : Instant(microseconds: Int64(random.number(below: 20)))
            times[module] = time
            wakeUps[module] = time
            #expect(wakeUps[module] == time)
            let earliest = times.compactMap(\.self).min()
            #expect(wakeUps.first?.time == earliest)
            #expect(wakeUps.first?.module == earliest.flatMap { earliest in times.firstIndex(of: earliest) })
        }
    }
}

@Suite("Some of the modules")
struct ModuleSetTests {
    @Test("the one with the lowest number comes first")
    func order() {
        var modules = ModuleSet()
        #expect(modules.removeFirst() == nil)
        for module in [200, 3, 64, 63, 3] { modules.insert(module) }
        modules.remove(64)
        modules.remove(4_000)
        var others = ModuleSet()
        others.insert(300)
        modules.formUnion(others)
        var found: [Int] = []
        while let module = modules.removeFirst() { found.append(module) }
        #expect(found == [3, 63, 200, 300])
    }
}
