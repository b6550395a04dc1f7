import Testing

@testable import Node

@Suite struct EditDistanceTests {
    @Test(
        "the distance is the fewest insertions, deletions and replacements",
        arguments: [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("port", "prot", 2)])
    func distance(left: String, right: String, expected: Int) {
        #expect(EditDistance.between(left, right) == expected)
    }

    @Test("the nearest word is the one at the least distance")
    func nearest() {
        #expect(EditDistance.nearest(to: "wrkers", in: ["label", "workers", "port"]) == "workers")
        #expect(EditDistance.nearest(to: "x", in: []) == nil)
    }
}
