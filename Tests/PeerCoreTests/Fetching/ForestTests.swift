import Content
import Testing

@testable import PeerCore

/// The trees by which a crowd passes pieces on, as each of it sees them.
@Suite struct ForestTests {
    private func ids(_ count: Int) -> [PeerID] { (1...UInt64(count)).map { PeerID.number($0) } }

    private func forests(_ count: Int, stripes: Int) -> [(id: PeerID, forest: Forest)] {
        let ids = ids(count)
        return ids.map { id in (id, Forest(of: id, among: ids.reversed().filter { $0 != id }, stripes: stripes)) }
    }

    @Test("Two trees of five: who is in the middle of one is at the edge of the other")
    func five() throws {
        // The first tree is 1, 3, 5, 2, 4, and the second 2, 4, 1, 3, 5, each with two behind one.
        let expected: [(parents: [UInt64?], children: [UInt64])] = [
            ([nil, 2], [3, 5]), ([3, nil], [4, 1]), ([1, 4], [2, 4]), ([3, 2], [3, 5]), ([1, 4], []),
        ]
        for ((_, forest), expected) in zip(forests(5, stripes: 2), expected) {
            #expect(forest.places.map(\.ancestors.first) == expected.parents.map { $0.map(PeerID.number) })
            #expect(forest.children == expected.children.map(PeerID.number))
        }
    }

    @Test("However many there are: all agree, nobody passes on more than a file, and few are before the last")
    func any() throws {
        for count in 1...50 {
            let forests = forests(count, stripes: 2)
            var passed: [PeerID: [PeerID]] = [:]
            for (id, forest) in forests {
                for (stripe, place) in zip(forest.stripes, forest.places) {
                    guard let parent = place.ancestors.first else { continue }
                    passed[parent, default: []].append(id)
                    let above = try #require(forests.first { $0.id == parent }?.forest)
                    #expect(above.passedOn == stripe && above.children.contains(id))
                    #expect(above.places[stripe.number].ancestors == Array(place.ancestors.dropFirst()))
                }
                #expect(forest.children.count <= 2)
                #expect(forest.places.allSatisfy { $0.depth <= forest.height })
            }
            for (id, forest) in forests { #expect(Set(passed[id] ?? []) == Set(forest.children)) }
            for stripe in 0...1 { #expect(forests.count { $0.forest.places[stripe].ancestors.isEmpty } == 1) }
            #expect(1 << forests[0].forest.height <= count)
        }
    }

    @Test("One stripe is a line in the order of the ids")
    func line() {
        let ids = ids(5)
        for (place, (_, forest)) in forests(5, stripes: 1).enumerated() {
            #expect(forest.places == [.init(index: place, ancestors: ids[..<place].reversed())])
            #expect(forest.children == Array(ids[(place + 1)...].prefix(1)))
            #expect(forest.height == 4 && forest.passedOn == .whole)
        }
    }
}
