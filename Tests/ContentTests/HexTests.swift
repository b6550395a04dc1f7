import Testing

@testable import Content

@Suite struct HexTests {
    @Test("Every byte is two lower-case digits, and comes back from either case")
    func roundTrip() {
        let all = (0...255).map { UInt8($0) }
        let text = Hex.encode(all)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.count == 512)
        #expect(Hex.decode(text) == all)
        #expect(Hex.decode(text.uppercased()) == all)
        #expect(Hex.decode("") == [])
    }

    @Test(
        "An odd number of digits, and what is not a digit, is refused",
        arguments: ["0", "000", "0g", "g0", "0x", " 0", "-1", "00 ", "é", "０0", "0\u{301}0"])
    func refused(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }
}
