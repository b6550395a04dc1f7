import Content
import Testing

@testable import Simulation

@Suite struct EventQueueTests {
    @Test("Events come by their time, and those of one time in the order in which they were planned")
    func order() {
        var queue = EventQueue()
        var draws = Draws(seed: 1)
        var expected: [(at: UInt64, number: Int)] = []
        for number in 0..<500 {
            let at = draws.next() % 20
            queue.plan(.wake(Life(node: number, number: 0)), at: Moment(nanoseconds: at))
            expected.append((at, number))
        }
        let sorted = expected.sorted { ($0.at, $0.number) < ($1.at, $1.number) }.map(\.number)
        var seen: [Int] = []
        while let event = queue.pop() { if let life = event.life { seen.append(life.node) } }
        #expect(seen == sorted)
    }
}
