import Testing

@testable import Control

@Suite struct ByteTextTests {
    @Test(
        "Sizes are shown in the unit that fits, rounded to the nearest",
        arguments: [
            (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (10_239, "10 KiB"),
            (99 * 1024, "99 KiB"), (150 * 1024 + 900, "151 KiB"), (1_048_575, "1 MiB"), (200 << 20, "200 MiB"),
            (1 << 30, "1 GiB"), ((1 << 30) + (1 << 29), "1.5 GiB"), (UInt64.max, "16 EiB"),
        ] as [(UInt64, String)])
    func sizes(bytes: UInt64, text: String) {
        #expect(ByteText.size(bytes) == text)
    }

    @Test(
        "Room that is to be made is never told to be less than it is",
        arguments: [
            (1, "1 B"), (1024, "1 KiB"), (1025, "1.1 KiB"), (44 << 20, "44 MiB"), (44 << 20 + 1, "44.1 MiB"),
            (150 << 20 + 1, "151 MiB"), (1024 << 20 - 1, "1 GiB"),
        ] as [(UInt64, String)])
    func atLeast(bytes: UInt64, text: String) {
        #expect(ByteText.atLeast(bytes) == text)
    }

    @Test("A rate that is no number, negative or beyond everything is shown as nothing")
    func rates() {
        #expect(ByteText.rate(1_048_576.4) == "1 MiB/s")
        for bad in [Double.nan, .infinity, -1, 1e300] { #expect(ByteText.rate(bad) == "0 B/s") }
    }
}

@Suite struct DurationTextTests {
    @Test(
        "Durations are shown with one or two units",
        arguments: [
            (0, "0.00 s"), (-3, "0.00 s"), (0.451, "0.45 s"), (9.994, "9.99 s"), (9.999, "10 s"), (59.4, "59 s"),
            (59.6, "1 min"), (65, "1 min 5 s"), (3600, "1 h"), (7800, "2 h 10 min"), (356_400, "4 d 3 h"),
            (.infinity, "a long time"), (.nan, "a long time"), (1e300, "a long time"),
        ] as [(Double, String)])
    func texts(seconds: Double, text: String) {
        #expect(DurationText.text(seconds) == text)
    }

    @Test(
        "A clock rounds up and never says 0:00 before the end",
        arguments: [
            (0, "0:00"), (0.1, "0:01"), (65, "1:05"), (3661, "1:01:01"), (2_591_999, "719:59:59"),
            (2_592_000, "-:--"), (.infinity, "-:--"), (.nan, "-:--"),
        ] as [(Double, String)])
    func clocks(seconds: Double, text: String) {
        #expect(DurationText.clock(seconds) == text)
    }
}

@Suite struct TimeTextTests {
    @Test(
        "Moments are shown in UTC, and those out of range are unknown",
        arguments: [
            (0, "1970-01-01 00:00 UTC"), (1_769_850_300, "2026-01-31 09:05 UTC"),
            (253_402_300_799, "9999-12-31 23:59 UTC"), (253_402_300_800, "unknown"), (-1, "unknown"), (.max, "unknown"),
            (nil, "unknown"),
        ] as [(Int64?, String)])
    func texts(seconds: Int64?, text: String) {
        #expect(TimeText.text(seconds) == text)
    }
}

@Suite struct TableTests {
    @Test("Columns are as wide as their widest cell, wide letters and combining marks counted as shown")
    func alignment() {
        let table = Table(
            columns: [.left("NAME"), .right("SIZE"), .left("X")],
            rows: [["a", "1 B", ""], ["漢字", "100 MiB", "y"], ["e\u{301}f", "2 B", "zz"]])
        #expect(
            table.lines == [
                "NAME     SIZE  X", "a         1 B", "漢字  100 MiB  y", "e\u{301}f        2 B  zz",
            ])
    }

    @Test("Empty headings make no line")
    func noHeadings() {
        #expect(Table(columns: [.left(""), .right("")], rows: [["a", "b"]]).lines == ["a  b"])
        #expect(Table(columns: [.left("A")], rows: []).lines == ["A"])
    }

    @Test("A text is clipped to the columns it may take, not through a wide letter")
    func clipping() {
        #expect(TerminalWidth.clip("abcdef", columns: 6) == "abcdef")
        #expect(TerminalWidth.clip("abcdef", columns: 5) == "abcd…")
        #expect(TerminalWidth.clip("漢字漢字", columns: 4) == "漢…")
        #expect(TerminalWidth.clip("abc", columns: 1) == "…")
        #expect(TerminalWidth.clip("abc", columns: 0) == "")
    }
}

@Suite struct ProgressBarTests {
    private func event(_ state: DownloadState, have: UInt64 = 0, length: UInt64 = 0, rate: Double = 0) -> ProgressEvent
    {
        ProgressEvent(name: "x", state: state, have: have, length: length, bytesPerSecond: rate, holders: 3)
    }

    @Test("The line shows per cent, bar, rate, time left and holders")
    func line() {
        let bar = ProgressBar(event(.fetching, have: 50 << 20, length: 200 << 20, rate: Double(10 << 20)))
        #expect(
            bar.line(columns: 70) == " 25 %  [#######......................]  10 MiB/s  0:15 left  3 holders")
    }

    @Test("No state, amount or width makes a line that is too long or crashes")
    func fits() {
        let amounts: [(UInt64, UInt64)] = [(0, 0), (0, 7), (7, 7), (9, 7), (.max, 1), (1, .max), (.max, .max)]
        for state in DownloadState.allCases {
            for (have, length) in amounts {
                for rate in [0, 1e-300, 1e300, Double.nan] {
                    for columns in 0...130 {
                        let line = ProgressBar(event(state, have: have, length: length, rate: rate)).line(
                            columns: columns)
                        #expect(TerminalWidth.columns(line) <= columns)
                    }
                }
            }
        }
    }

    @Test("Where there are several, the line begins with the name, which leaves room for the rest")
    func named() {
        let bar = ProgressBar(event(.fetching, have: 50 << 20, length: 200 << 20, rate: Double(10 << 20)))
        #expect(bar.namedLine(columns: 70) == "x   25 %  [######....................]  10 MiB/s  0:15 left  3 holders")
        let long = ProgressEvent(
            name: String(repeating: "n", count: 500) + "\u{1b}", state: .queued, have: 0, length: 0, bytesPerSecond: 0,
            holders: 0)
        #expect(
            ProgressBar(long).namedLine(columns: 60) == String(repeating: "n", count: 19) + "…  waiting for its turn")
        for columns in 0...130 {
            #expect(TerminalWidth.columns(ProgressBar(long).namedLine(columns: columns)) <= columns)
        }
    }

    @Test("100 % is only said when every byte is here")
    func almost() {
        #expect(ProgressBar(event(.fetching, have: .max - 5, length: .max)).line(columns: 80).hasPrefix(" 99 %"))
        #expect(ProgressBar(event(.fetching, have: .max, length: .max)).line(columns: 80).hasPrefix("100 %"))
    }

    @Test("What a waiting download waits for is shown without control characters")
    func waiting() {
        let event = ProgressEvent(
            name: "x", state: .waiting, have: 1, length: 2, bytesPerSecond: 0, holders: 0, waitingFor: "a\u{1b}[2J")
        let line = ProgressBar(event).line(columns: 80)
        #expect(line.contains("a\\u{1b}[2J"))
        #expect(!line.unicodeScalars.contains("\u{1b}"))
    }
}
