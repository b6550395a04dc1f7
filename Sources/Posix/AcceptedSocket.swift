/// A connection as accept(2) hands it over.
public struct AcceptedSocket: ~Copyable {
    public let descriptor: FileDescriptor
    /// Where it comes from.
    public let address: SocketAddress

    public consuming func takeDescriptor() -> FileDescriptor { descriptor }
}
