import Testing

@testable import Reactor

@Suite struct TickHistogramTests {
    @Test("Before the first duration every quantile is 0")
    func empty() { #expect(TickHistogram().quantile(0.99) == 0) }

    @Test(
        "A duration counts where its upper bound in microseconds is a power of two above it",
        arguments: [(0, 0), (999, 0), (1_000, 1), (1_999, 1), (2_000, 2), (3_999, 2), (4_000, 3), (1_000_000, 10)])
    func buckets(_ nanoseconds: UInt64, _ index: Int) {
        var histogram = TickHistogram()
        histogram.record(nanoseconds: nanoseconds)
        #expect(histogram.counts.firstIndex(of: 1) == index)
        #expect(histogram.quantile(1) == 1 << UInt64(index))
    }

    @Test("The longest duration there is counts in the last place")
    func longest() {
        var histogram = TickHistogram()
        histogram.record(nanoseconds: .max)
        #expect(histogram.counts.last == 1)
    }

    @Test("A quantile is an upper bound of its share of all durations")
    func quantiles() {
        var histogram = TickHistogram()
        for _ in 0..<99 { histogram.record(nanoseconds: 10_000) }
        histogram.record(nanoseconds: 1_000_000)
        #expect(histogram.quantile(0.5) == 16)
        #expect(histogram.quantile(0.99) == 16)
        #expect(histogram.quantile(1) == 1024)
    }
}
