import Content
import Testing

@testable import Node

struct RateMeterTests {
    private func at(_ seconds: UInt64) -> Moment { Moment(nanoseconds: seconds * 1_000_000_000) }

    @Test("The rate is that of the last intervals, each half as heavy as the next")
    func averages() {
        var meter = RateMeter()
        meter.read(1000, at: at(1))
        #expect(meter.bytesPerSecond == nil)
        meter.read(3000, at: at(2))
        #expect(meter.bytesPerSecond == 2000)
        meter.read(3000, at: at(4))
        #expect(meter.bytesPerSecond == 1000)
    }

    @Test("A time in which nobody looked does not count")
    func begins() {
        var meter = RateMeter()
        meter.read(0, at: at(0))
        meter.read(1000, at: at(1))
        meter.begin(1000, at: at(100))
        meter.read(2000, at: at(101))
        #expect(meter.bytesPerSecond == 1000)
    }

    @Test("Time that stands still, and a count that goes back, change nothing")
    func survives() {
        var meter = RateMeter()
        meter.read(5, at: at(1))
        meter.read(9, at: at(1))
        meter.read(2, at: at(2))
        #expect(meter.bytesPerSecond == nil)
    }
}
