import Content
import Posix
import Wire

/// What a node hears of its connections. Calls may come from within any call to `Transport` but `send` and `close`.
public protocol TransportHandler: AnyObject {
    func accepted(_ connection: ConnectionID, from address: PeerAddress)
    /// A dial has come to an end, well or not. After a failure the connection does not exist.
    func dialed(_ connection: ConnectionID, failure: String?)
    func received(_ message: Message, on connection: ConnectionID)
    /// Bytes of the piece under way have been read into its buffer, or passed over.
    func progressed(_ connection: ConnectionID, bytes: Int)
    /// The piece under way is whole; its buffer is the handler's.
    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID)
    /// The other end broke the framing, the codec's limits or a value's range; the connection is closed after this.
    func violated(_ connection: ConnectionID, from address: PeerAddress, reason: String)
    /// A connection ended, not by `close`. A piece under way is lost; `buffer` is to be given back.
    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?)
    /// The send queue can take more file data.
    func hasRoom(_ connection: ConnectionID)
    /// A place that was kept by `reserve` has come: every piece before it is the kernel's.
    /// - Returns: what to send there, if anything.
    func due(_ connection: ConnectionID) -> Message?
    /// The file that was being sent turned out shorter than announced; the connection is closed after this.
    func truncated(_ file: OpenFile)
}

extension TransportHandler {
    public func violated(_ connection: ConnectionID, from address: PeerAddress, reason: String) {}
    public func due(_ connection: ConnectionID) -> Message? { nil }
}
