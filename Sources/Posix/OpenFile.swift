/// An open file shared by all who read from or write to it; closed when the last lets go.
public final class OpenFile: Sendable {
    private let descriptor: FileDescriptor
    /// For messages.
    public let path: String

    public init(_ descriptor: consuming FileDescriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    public var rawValue: Int32 { descriptor.rawValue }
}
