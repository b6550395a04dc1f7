/// Holds a descriptor where a collection needs a copyable element, and gives it up once.
public final class DescriptorBox {
    private var descriptor: FileDescriptor?
    public let rawValue: Int32

    public init(_ descriptor: consuming FileDescriptor) {
        rawValue = descriptor.rawValue
        self.descriptor = consume descriptor
    }

    /// - Returns: the descriptor; nil after the first time.
    public func take() -> FileDescriptor? { descriptor.take() }
}
