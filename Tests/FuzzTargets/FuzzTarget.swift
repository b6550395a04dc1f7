/// What can be fuzzed: everything that reads bytes from outside, and the two machines as a whole.
///
/// A target is driven by bytes and throws a `Broken` when something is not as it must be; a trap is a finding as well.
/// libFuzzer makes the bytes (`Scripts/fuzz`); what it once found is replayed by `FuzzTests` and by the release build.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A stream of frames, cut anywhere.
    case frame
    /// The body of one message.
    case message
    case manifest
    /// The digests of a piece layer, from the `hashes` message to the check against the root.
    case layer
    /// Lines on the control socket, at both of its ends, and what is typed at the prompt.
    case control
    /// A file of settings.
    case configuration
    /// Names, addresses, rates and the like.
    case text
    /// Rows of the database, and the partial file that one of them speaks of.
    case rows
    /// A database some of whose bytes are not as they were written.
    case database
    /// A whole manager, by what its connections say.
    case manager
    /// A whole peer, by what its connections, workers and clients say.
    case peer

    /// Longer inputs find nothing more and take their time.
    public var bytesMax: Int {
        switch self {
        case .frame, .peer: 4096
        case .message, .manifest, .layer, .control, .configuration, .manager: 2048
        case .rows: 1024
        case .text, .database: 256
        }
    }

    /// What to call with each input; what it needs over and over is made once.
    public func makeBody() throws -> ([UInt8]) throws -> Void {
        switch self {
        case .frame: return FrameTarget.run
        case .message: return MessageTarget.run
        case .manifest: return ManifestTarget.run
        case .layer: return LayerTarget.run
        case .control: return ControlTarget.run
        case .configuration: return try ConfigurationTarget().run
        case .text: return TextTarget.run
        case .rows: return try RowsTarget().run
        case .database: return try DatabaseTarget().run
        case .manager: return ManagerTarget.run
        case .peer: return PeerTarget.run
        }
    }
}

/// Something is not as it must be.
public struct Broken: Error, CustomStringConvertible {
    public let description: String
}

func require(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws {
    if !holds { throw Broken(description: otherwise()) }
}

func require<Value>(_ value: Value?, _ otherwise: @autoclosure () -> String) throws -> Value {
    guard let value else { throw Broken(description: otherwise()) }
    return value
}
