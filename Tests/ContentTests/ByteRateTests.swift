import Content
import TestSupport
import Testing

struct ByteRateTests {
    private func bytes(_ text: String) throws -> UInt64? { try ByteRate.parse(text)?.bytesPerSecond }

    private func reason(_ text: String) -> String? {
        do {
            _ = try ByteRate.parse(text)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("Units are powers of 1024, in capitals or not, with or without B, iB and /s")
    func units() throws {
        #expect(try bytes("1") == 1)
        #expect(try bytes("1000B/s") == 1000)
        #expect(try bytes("512K") == 512 << 10)
        for text in ["50M", "50m", "50MB", "50MiB", "50M/s", "50MB/s", "50MiB/s", "50 MiB/s", "50.0M", "050M"] {
            #expect(try bytes(text) == 50 << 20, "\(text)")
        }
        #expect(try bytes("1.5G") == 3 << 29)
        #expect(try bytes("2T") == 2 << 40)
        #expect(try bytes("1024T") == ByteRate.max)
    }

    @Test("Parts of a byte are cut off, and further places change nothing that could be seen")
    func places() throws {
        #expect(try bytes("1.9") == 1)
        #expect(try bytes("0.001K") == 1)
        #expect(try bytes("0.999999999999999999999999T") == 1_099_511_626_676)
        #expect(try bytes("1023.999999999T") == 1023 << 40 + 1_099_511_626_676)
    }

    @Test("There are several words for no limit", arguments: ["0", "0.0", "0M", "00", "none", "unlimited"])
    func noLimit(_ text: String) throws {
        #expect(try ByteRate.parse(text) == nil)
    }

    @Test(
        "What is no rate is refused in words",
        arguments: [
            "", " ", "M", "B", "/s", ".", "1.", ".5", "1..5", "1.5.2M", "-5M", "+5M", "5 ", " 5M", "5  M", "5X", "5MM",
            "50Mb/s", "50mib", "5iB", "1e6", "0x10", "NONE", "none/s", "5M/S", "٥M", "5,5M",
            "100000000000000000000000000000000",
        ])
    func refuses(_ text: String) {
        #expect(reason(text)?.hasPrefix("is not a rate; write bytes a second as in 50M") == true)
    }

    @Test("Rates beyond all reason are refused without a trap")
    func bounds() {
        for text in ["1025T", "1024.1T", "99999999999999999999", "18446744073709551615T", "9999999999999999M"] {
            #expect(reason(text) == "is more than 1024T, the highest rate there can be", "\(text)")
        }
        #expect(reason("0.0001K") == "is less than a byte a second; write none for no limit")
        #expect(ByteRate(bytesPerSecond: 0) == nil)
        #expect(ByteRate(bytesPerSecond: ByteRate.max + 1) == nil)
    }

    @Test("A rate is printed in the largest unit that three places are enough for")
    func prints() {
        let texts = [1, 1000, 1023, 1024, 1536, 1537, 50 << 20, 3 << 29, 1 << 50].map {
            ByteRate(bytesPerSecond: $0)?.description
        }
        #expect(texts == ["1", "1000", "1023", "1K", "1.5K", "1537", "50M", "1.5G", "1024T"])
    }

    @Test("What is printed reads as the same rate", arguments: Seeded.seeds(3))
    func roundTrip(_ seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<2000 {
            let bits = UInt64.random(in: 0...50, using: &random)
            let rate = try #require(ByteRate(bytesPerSecond: .random(in: 1...1 << bits, using: &random)))
            #expect(try ByteRate.parse("\(rate)") == rate)
        }
    }
}
