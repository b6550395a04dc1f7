import Content

/// The number of each message on the wire.
///
/// A receiver skips frames whose type is `firstOptional` or above and unknown to it; an unknown type below closes the
/// connection.
public enum MessageType: UInt8, Sendable, CaseIterable {
    case hello = 1
    case refused = 2

    case newPeer = 16
    case leftPeer = 17
    case pong = 18
    case rosterRequest = 19

    case welcome = 32
    case rosterSnapshot = 33
    case rosterDelta = 34
    case ping = 35

    case req = 48
    case have = 49
    case notHave = 50
    case hashesRequest = 51
    case hashes = 52
    case chunk = 53
    case piece = 54
    case endOfChunk = 55
    case cancel = 56
    case noHashes = 57
    case nowHave = 58
    case introduce = 59
    case busy = 60

    public static let firstOptional: UInt8 = 128
    /// Bytes of a skipped frame, at most.
    public static let optionalBodyMax = 4096

    /// Bytes of the body, at most: checked before anything is kept of it.
    public var bodyMax: Int {
        switch self {
        case .hello: 4 + 2 + 4 + 16 + 1
        case .refused: 1 + 2 + WireLimits.reasonMax
        case .newPeer: 2 + 2 + WireLimits.labelMax
        case .leftPeer, .rosterRequest: 0
        case .pong: 8
        case .welcome: 18 + 4 + 4
        case .rosterSnapshot: 8 + 4 + 4 + 4 + WireLimits.rosterEntriesPerFrameMax * RosterEntry.sizeMax
        case .rosterDelta: 8 + 4 + 4 + WireLimits.rosterEntriesPerFrameMax * RosterEntry.sizeMax
        case .ping: 8 + 4
        case .req: 4 + 1 + 2 + 1024
        case .have: 4 + 40 + 1 + 8 + 2 + 1024 + 1 + WireLimits.pieceCountMax / 8
        case .notHave: 4 + 1
        case .hashesRequest: 40 + 4 + 4
        case .hashes: 40 + 4 + 4 + WireLimits.digestsPerFrameMax * 32
        case .chunk, .cancel: 40 + 4 + 4
        case .piece: 4 + 4
        case .endOfChunk: 4 + 1
        case .noHashes: 40
        case .nowHave: 40 + 4 + WireLimits.runsPerFrameMax * 8
        case .introduce: 40 + 4 + WireLimits.introducedMax * PeerID.byteCount
        case .busy: 4 + 4
        }
    }
}
