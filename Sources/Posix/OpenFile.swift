import CLinux

/// An open file shared by all who read from or write to it; closed when the last lets go.
public final class OpenFile: Sendable {
    private let descriptor: FileDescriptor
    /// For messages.
    public let path: String

    public init(_ descriptor: consuming FileDescriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// An empty file that is on no disk and has no name in any directory: it is gone when the last lets go.
    /// Source: memfd_create(2).
    public static func inMemory(named name: String) throws(SystemError) -> OpenFile {
        let opened = try check("make a file in memory for", name) { clinux_memory_file(name) }
        return OpenFile(FileDescriptor(owning: opened), path: name)
    }

    public var rawValue: Int32 { descriptor.rawValue }
}
