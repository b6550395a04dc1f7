import Glibc

/// The one owner of an open descriptor: closes it when it goes out of scope.
public struct FileDescriptor: ~Copyable, Sendable {
    public let rawValue: Int32

    /// Takes ownership of `rawValue`, which must be open and owned by nobody else.
    public init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    // close(2): the descriptor is gone even when it reports an error, so there is nothing to retry.
    deinit { close(rawValue) }
}
