import Content
import Testing

@testable import PeerCore

struct CommitsTests {
    private let layout: PieceLayout
    private var commits: Commits

    init() throws {
        layout = try #require(PieceLayout(length: 300 << 20))
        commits = Commits(durable: PieceSet(pieceCount: 300))
    }

    private func at(_ milliseconds: UInt64) -> Moment { Moment(nanoseconds: milliseconds * 1_000_000) }

    private func pieces(_ indices: some Sequence<Int>) -> PieceSet {
        indices.reduce(into: PieceSet(pieceCount: 300)) { $0.insert($1) }
    }

    @Test("Written pieces wait for a second and no longer")
    mutating func age() {
        commits.wrote(3, now: at(100))
        commits.wrote(4, now: at(1000))
        #expect(commits.begin(layout, isEager: false, now: at(1099)) == nil)
        #expect(commits.begin(layout, isEager: false, now: at(1100)) == pieces([3, 4]))
        #expect(commits.end() == pieces([3, 4]))
        #expect(commits.durable == pieces([3, 4]))
    }

    @Test("What is fetched without syncs is offered when it is written, and not any more if it is lost")
    func withoutSyncs() {
        var unsynced = Commits(durable: pieces([1]), isSynced: false)
        let isOffered = unsynced.wrote(2, now: at(0))
        #expect(isOffered)
        #expect(unsynced.offered == pieces([1, 2]) && unsynced.durable == pieces([1]))
        _ = unsynced.begin(layout, isEager: true, now: at(0))
        let lost = unsynced.fail()
        #expect(lost == pieces([2]))
        #expect(unsynced.offered == pieces([1]))
        var synced = Commits(durable: pieces([1]), isSynced: true)
        let isOfferedSynced = synced.wrote(2, now: at(0))
        #expect(!isOfferedSynced)
        _ = synced.begin(layout, isEager: true, now: at(0))
        #expect(synced.offered == pieces([1]))
        _ = synced.end()
        #expect(synced.offered == pieces([1, 2]))
    }

    @Test("64 MiB do not wait, and neither do pieces that others wait for")
    mutating func early() {
        for piece in 0..<63 { commits.wrote(piece, now: at(0)) }
        #expect(commits.begin(layout, isEager: false, now: at(1)) == nil)
        commits.wrote(63, now: at(1))
        #expect(commits.begin(layout, isEager: false, now: at(1)) == pieces(0..<64))
        _ = commits.end()
        commits.wrote(100, now: at(100))
        #expect(commits.begin(layout, isEager: true, now: at(100)) == pieces([100] + Array(0..<64)))
    }

    @Test("What others wait for is made durable forty times a second at most, and when that will be is known")
    mutating func paced() {
        commits.wrote(1, now: at(100))
        #expect(commits.due(isEager: true) == at(100))
        _ = commits.begin(layout, isEager: true, now: at(100))
        commits.wrote(2, now: at(101))
        #expect(commits.due(isEager: true) == nil)
        _ = commits.end()
        #expect(commits.due(isEager: true) == at(125))
        #expect(commits.begin(layout, isEager: true, now: at(124)) == nil)
        #expect(commits.begin(layout, isEager: true, now: at(125)) == pieces([1, 2]))
    }

    @Test("One commit is under way at a time; what is written meanwhile is in the next")
    mutating func oneAtATime() {
        commits.wrote(1, now: at(0))
        #expect(commits.begin(layout, isEager: true, now: at(0)) == pieces([1]))
        commits.wrote(2, now: at(1))
        #expect(commits.begin(layout, isEager: true, now: at(5000)) == nil)
        #expect(commits.end() == pieces([1]))
        #expect(commits.begin(layout, isEager: true, now: at(5000)) == pieces([1, 2]))
    }

    @Test("The last commit has everything that is written, also beside one that is under way")
    mutating func last() {
        #expect(commits.last == nil)
        commits.wrote(1, now: at(0))
        _ = commits.begin(layout, isEager: true, now: at(0))
        _ = commits.end()
        #expect(commits.last == nil)
        commits.wrote(2, now: at(100))
        _ = commits.begin(layout, isEager: true, now: at(100))
        #expect(commits.last == nil)
        commits.wrote(3, now: at(101))
        #expect(commits.last == pieces([1, 2, 3]))
    }

    @Test("What the disk did not take is lost, and what was durable before is not")
    mutating func failure() {
        commits.wrote(1, now: at(0))
        _ = commits.begin(layout, isEager: true, now: at(0))
        _ = commits.end()
        commits.wrote(2, now: at(100))
        _ = commits.begin(layout, isEager: true, now: at(100))
        #expect(commits.fail() == pieces([2]))
        #expect(commits.durable == pieces([1]))
        #expect(commits.isIdle)
    }

    @Test("What was written beside a commit that failed is lost too, since the next sync would succeed without it")
    mutating func failureOfLater() {
        commits.wrote(2, now: at(1))
        _ = commits.begin(layout, isEager: true, now: at(1))
        commits.wrote(3, now: at(2))
        #expect(commits.fail() == pieces([2, 3]))
        #expect(commits.begin(layout, isEager: true, now: at(100)) == nil)
        #expect(commits.last == nil)
    }
}
