import Foundation
import Testing

@testable import Node

@Suite struct UnixTimeTests {
    @Test(
        "moments at the edges of days, months and leap years have their RFC 3339 text",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_735_689_599_000, "2024-12-31T23:59:59.000Z"), (1_795_401_044_123, "2026-11-23T02:30:44.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ])
    func text(milliseconds: UInt64, expected: String) {
        #expect(UnixTime(milliseconds: milliseconds).description == expected)
    }

    @Test("every day of 150 years has the date that Foundation gives it")
    func everyDay() {
        let style = Date.ISO8601FormatStyle()
        for day in 0..<54_787 {
            let seconds = UInt64(day) * 86_400 + 3_661
            let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(style).dropLast() + ".000Z"
            #expect(UnixTime(milliseconds: seconds * 1000).description == expected)
        }
    }
}
