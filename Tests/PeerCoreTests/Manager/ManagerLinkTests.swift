import Content
import TestSupport
import Testing
import Wire

@testable import PeerCore

@Suite struct ManagerLinkTests {
    private let policy = PeerPolicy()

    @Test("Pauses double from 200 ms to 15 s, each drawn between half of it and all of it", arguments: Seeded.seeds(5))
    func backoff(seed: UInt64) {
        var random = Seeded(seed)
        var link = ManagerLink(managerCount: 1)
        var longest: UInt64 = 200
        for _ in 0..<12 {
            let pause = link.failed("refused", policy: policy, now: Moment(nanoseconds: 0), random: &random)
            #expect(pause >= .milliseconds(longest / 2) && pause <= .milliseconds(longest))
            #expect(link.deadline == Moment(nanoseconds: pause.nanoseconds))
            longest = min(15_000, longest * 2)
        }
    }

    @Test("Two peers do not come back in one instant")
    func jitter() {
        var pauses: Set<Span> = []
        for seed in 0..<50 as Range<UInt64> {
            var random = Seeded(seed)
            var link = ManagerLink(managerCount: 1)
            pauses.insert(link.failed("", policy: policy, now: Moment(nanoseconds: 0), random: &random))
        }
        #expect(pauses.count == 50)
    }

    @Test("After a join the pauses begin anew")
    func reset() {
        var random = Seeded(1)
        var link = ManagerLink(managerCount: 1)
        for _ in 0..<10 { _ = link.failed("", policy: policy, now: Moment(nanoseconds: 0), random: &random) }
        link.joined(ConnectionID(rawValue: 1), silence: .seconds(15), now: Moment(nanoseconds: 0))
        #expect(link.lastError == nil)
        let pause = link.failed("", policy: policy, now: Moment(nanoseconds: 0), random: &random)
        #expect(pause <= .milliseconds(200))
    }

    @Test("Each failure goes on to the next manager of the list, and after the last to the first")
    func turns() {
        var random = Seeded(1)
        var link = ManagerLink(managerCount: 3)
        var tried: [Int] = []
        for _ in 0..<5 {
            tried.append(link.index)
            _ = link.failed("", policy: policy, now: Moment(nanoseconds: 0), random: &random)
        }
        #expect(tried == [0, 1, 2, 0, 1])
    }
}
