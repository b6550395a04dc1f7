import Content
import Testing

@testable import PeerCore

/// When fetchers of one file are told of each other.
@Suite struct IntroductionsTests {
    private let root = FileRoot(digest: .zero, length: 1 << 20)
    private let start = Moment(nanoseconds: 1_000_000_000)
    private var introductions = Introductions()
    private var random = SystemRandomNumberGenerator()

    private mutating func asked(by peer: UInt64, after milliseconds: UInt64) -> [PeerID] {
        introductions.asked(root, by: .number(peer), now: start + .milliseconds(milliseconds), random: &random)
    }

    @Test("The first of a crowd hears of those who came right after it as soon as it asks again")
    mutating func first() {
        #expect(asked(by: 1, after: 0) == [])
        #expect(asked(by: 2, after: 10) == [.number(1)])
        #expect(asked(by: 1, after: 20) == [])
        #expect(asked(by: 1, after: 60) == [.number(2)])
    }

    @Test("While ever more come, a fetcher is told of them less and less often, and of nobody when none came")
    mutating func seldom() {
        _ = asked(by: 1, after: 0)
        var told: [UInt64] = []
        for step in UInt64(1)...2000 {
            _ = asked(by: 1 + step, after: step * 10)
            if !asked(by: 1, after: step * 10).isEmpty { told.append(step * 10) }
        }
        #expect(told.first == 50 && told.count <= 12, "\(told)")
        #expect(asked(by: 1, after: 60_000) == [])
    }
}
