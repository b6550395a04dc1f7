import Testing

@testable import Content

@Suite struct MomentTests {
    private let start = Moment(nanoseconds: 1_000)

    @Test("A moment and a span make a later moment, and their difference is the span")
    func arithmetic() {
        let later = start + .milliseconds(3)
        #expect(later.nanoseconds == 3_001_000)
        #expect(later - start == .milliseconds(3))
        #expect(later > start)
    }

    @Test("A moment minus a later one is no time, not a trap")
    func negative() {
        #expect(start - (start + .seconds(1)) == Span(nanoseconds: 0))
        #expect(start - start == Span(nanoseconds: 0))
    }

    @Test("A sum beyond the clock is the distant future")
    func overflow() {
        #expect(Moment(nanoseconds: .max - 1) + Span(nanoseconds: 2) == .distantFuture)
        #expect(Moment.distantFuture + .seconds(1) == .distantFuture)
        #expect(start + Span(nanoseconds: .max) == .distantFuture)
    }

    @Test("Spans are made from seconds and milliseconds")
    func units() {
        #expect(Span.seconds(2) == .milliseconds(2000))
        #expect(Span.milliseconds(1).nanoseconds == 1_000_000)
        #expect(Span.milliseconds(1500).seconds == 1.5)
    }

    @Test("A span too long for the clock is the longest there is, not a trap")
    func longest() {
        #expect(Span.seconds(.max) == Span(nanoseconds: .max))
        #expect(Span.milliseconds(.max) == Span(nanoseconds: .max))
    }

    @Test(
        "Seconds that are no length of time count as none, and more than a century as a century",
        arguments: [
            (-1, 0), (-Double.infinity, 0), (.nan, 0), (0, 0), (0.25, 250_000_000), (1e300, 3_155_760_000_000_000_000),
            (.infinity, 3_155_760_000_000_000_000),
        ] as [(Double, UInt64)])
    func fromSeconds(_ seconds: Double, _ nanoseconds: UInt64) {
        #expect(Span(seconds: seconds).nanoseconds == nanoseconds)
    }
}
