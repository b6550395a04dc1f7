import Content
import Testing
import Wire

@testable import PeerCore

struct RequestTests {
    @Test("To note that one of many peers has answered costs no copy of all that have not")
    func changesInPlace() throws {
        let peers = (1...32_000 as ClosedRange<UInt64>).map { PeerID(high: 0, low: $0) }
        var ask = Ask(local: nil, isRotten: false, windowEnd: .distantFuture, graceEnd: .distantFuture)
        ask.outstanding = Set(peers)
        let name = try ShareName("file")
        var requests = [
            1: Request(
                id: RequestID(rawValue: 1), wish: .asking(for: name, tree: false), aim: .fetch, since: .distantFuture,
                progressed: .distantFuture, state: .asking(ask))
        ]
        var bare = ask.outstanding
        let alone = ContinuousClock().measure { for peer in peers { bare.remove(peer) } }
        ask.outstanding = []
        let took = ContinuousClock().measure {
            for peer in peers { requests[1]?.change { $0.outstanding.remove(peer) } }
        }
        guard case .asking(let changed) = requests[1]?.state else { throw NotAsking() }
        #expect(changed.outstanding.isEmpty)
        // Copies would make it thousands of times.
        #expect(took < alone * 50 + .seconds(1), "\(took), \(alone)")
    }

    private struct NotAsking: Error {}
}
