import CLinux
import Glibc

/// A descriptor that one thread makes readable to wake another. Source: eventfd(2).
public struct EventCounter: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    public var rawValue: Int32 { descriptor.rawValue }

    public init() throws(SystemError) {
        let flags = Int32(EFD_NONBLOCK | EFD_CLOEXEC)
        descriptor = FileDescriptor(owning: try check("create", "an eventfd") { eventfd(0, flags) })
    }

    /// A full counter would block, and is readable already: nothing is lost.
    public func signal() {
        var one: UInt64 = 1
        _ = retrying { write(descriptor.rawValue, &one, 8) }
    }

    public func clear() {
        var count: UInt64 = 0
        _ = retrying { read(descriptor.rawValue, &count, 8) }
    }
}
