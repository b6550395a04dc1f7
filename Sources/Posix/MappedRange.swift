import CLinux

/// A range of a file as memory, without a copy.
public enum MappedRange {
    /// Runs `body` on `count` bytes of `file` from `offset`, which must be a multiple of the page size. What `body` finds
    /// there may change while it looks, as the file does.
    /// - Returns: nil if the range cannot be mapped, or not all of it was the file's: read it, to learn why. Then what
    ///   `body` made is worth nothing.
    public static func read<R>(
        _ file: Int32, offset: UInt64, count: Int, _ body: (UnsafeRawBufferPointer) -> R
    ) -> R? {
        guard count > 0, let start = clinux_map(file, off_t(offset), count) else { return nil }
        let result = body(UnsafeRawBufferPointer(start: start, count: count))
        return clinux_unmap() == 0 ? result : nil
    }
}
