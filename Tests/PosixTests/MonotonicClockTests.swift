import Posix
import Testing

@Suite struct MonotonicClockTests {
    @Test(
        "A moment is stamped in UTC, to the second",
        arguments: [(0, "19700101-000000"), (1_000_000_000, "20010909-014640"), (1_709_251_199, "20240229-235959")])
    func stamps(_ seconds: Int64, _ expected: String) {
        #expect(WallClock.stamp(seconds) == expected)
    }

    @Test(
        "A moment before 1970, or farther than a calendar goes, has some stamp", arguments: [.min, -1, .max] as [Int64])
    func stampsAnything(_ seconds: Int64) {
        #expect(WallClock.stamp(seconds).utf8.count < 64)
    }

    @Test("The clock does not go back")
    func grows() {
        let first = MonotonicClock.nanoseconds()
        #expect(MonotonicClock.nanoseconds() >= first)
    }
}
