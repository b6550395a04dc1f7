/// A point on the monotonic clock. Machines are told the time; they never ask for it.
public struct Moment: Hashable, Comparable, Sendable {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static let distantFuture = Moment(nanoseconds: .max)

    public static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (left: Moment, right: Span) -> Moment {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return overflow ? .distantFuture : Moment(nanoseconds: sum)
    }

    /// Zero when `right` is later.
    public static func - (left: Moment, right: Moment) -> Span {
        Span(nanoseconds: left < right ? 0 : left.nanoseconds - right.nanoseconds)
    }
}

/// A length of time.
public struct Span: Hashable, Comparable, Sendable {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// - Parameter count: more than 584 years counts as the longest span there is.
    public static func seconds(_ count: UInt64) -> Span { Span(count, each: 1_000_000_000) }
    public static func milliseconds(_ count: UInt64) -> Span { Span(count, each: 1_000_000) }

    private init(_ count: UInt64, each nanoseconds: UInt64) {
        let (product, overflow) = count.multipliedReportingOverflow(by: nanoseconds)
        self.init(nanoseconds: overflow ? .max : product)
    }

    /// - Parameter seconds: anything that is not a number of at least zero counts as zero, anything beyond a century as
    ///   a century.
    public init(seconds: Double) {
        let bounded = seconds > 0 ? Swift.min(seconds, 3_155_760_000) : 0
        self.init(nanoseconds: UInt64(bounded * 1e9))
    }

    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }
}
