import Content
import Testing

@testable import PeerCore

@Suite struct LayerFetchTests {
    private let source = ConnectionID(rawValue: 1)

    private func digests(_ count: Int) -> [Digest] { Array(repeating: .zero, count: count) }

    @Test("Pages are asked in order, so many ahead and no more, the last one short")
    func pages() {
        var fetch = LayerFetch(
            source: source, pieceCount: 25, pageSize: 10, patience: .seconds(1), now: Moment(nanoseconds: 0))
        var asked: [Range<Int>] = []
        while let page = fetch.nextPage(pagesAhead: 2) { asked.append(page) }
        #expect(asked == [0..<10, 10..<20])
        let step1 = fetch.append(digests(10), first: 0)
        #expect(step1)
        let step2 = fetch.nextPage(pagesAhead: 2)
        #expect(step2 == 20..<25)
        let step3 = fetch.nextPage(pagesAhead: 2)
        #expect(step3 == nil)
        let step4 = fetch.append(digests(10), first: 10)
        #expect(step4)
        #expect(!fetch.isComplete)
        let step5 = fetch.append(digests(5), first: 20)
        #expect(step5)
        #expect(fetch.isComplete)
    }

    @Test("Digests out of order, twice, more or fewer than were asked for are not taken")
    func wrong() {
        var fetch = LayerFetch(
            source: source, pieceCount: 25, pageSize: 10, patience: .seconds(1), now: Moment(nanoseconds: 0))
        let step6 = fetch.append(digests(10), first: 0)
        #expect(!step6)
        _ = fetch.nextPage(pagesAhead: 1)
        for (count, first) in [(10, 10), (11, 0), (9, 0), (0, 0), (1, 1)] {
            let step7 = fetch.append(digests(count), first: first)
            #expect(!step7, "\(count) from \(first)")
        }
        let step8 = fetch.append(digests(10), first: 0)
        #expect(step8)
        let step9 = fetch.append(digests(10), first: 0)
        #expect(!step9)
        #expect(fetch.digests.count == 10)
    }
}
