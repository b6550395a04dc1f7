/// The unit in which a file system gives out its space: a file of one byte takes a whole one.
public struct DiskBlock: Hashable, Sendable {
    /// Bytes, at least 1.
    public let size: UInt64

    public init(size: UInt64) { self.size = max(1, size) }

    /// Bytes of the disk that a file of `length` bytes takes.
    public func taken(by length: UInt64) -> UInt64 {
        let rest = length % size
        guard rest > 0 else { return length }
        let (sum, overflow) = length.addingReportingOverflow(size - rest)
        return overflow ? .max : sum
    }
}
