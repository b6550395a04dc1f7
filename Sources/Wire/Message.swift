import Content

/// Everything that is said on a connection. ARCHITECTURE.md documents each message's layout, limits and legal states.
public enum Message: Hashable, Sendable {
    case hello(Hello)
    /// The last message before a close, with why.
    case refused(RefusalCode, reason: String)

    // Peer to manager.
    case newPeer(port: UInt16, label: String)
    case leftPeer
    case pong(epoch: UInt64)
    /// The roster at hand does not follow what the manager says: send all of it.
    case rosterRequest

    // Manager to peer. Times in milliseconds.
    case welcome(observed: PeerAddress, heartbeat: UInt32, silence: UInt32)
    case rosterSnapshot(RosterPage)
    case rosterDelta(RosterDelta)
    case ping(epoch: UInt64, size: UInt32)

    // Peer to peer.
    case req(request: UInt32, FileQuery)
    case have(request: UInt32, FileOffer)
    case notHave(request: UInt32, NotHaveReason)
    case hashesRequest(FileRoot, first: Int, count: Int)
    case hashes(FileRoot, first: Int, [Digest])
    /// The holder has the file no more: no page asked of it will come.
    case noHashes(FileRoot)
    case chunk(FileRoot, first: Int, count: Int)
    /// `length` raw bytes follow the frame.
    case piece(index: Int, length: Int)
    case endOfChunk(first: Int, ChunkEnd)
    case cancel(FileRoot, first: Int, count: Int)
    /// These pieces, too, can be asked for from now on. In order, apart from each other, and not empty.
    case nowHave(FileRoot, [Range<Int>])
    /// Peers that fetch the same root: they have, or will have, pieces of it.
    case introduce(FileRoot, [PeerID])
    /// In place of a chunk's end: the holder has too much to do. Ask again after so many milliseconds.
    case busy(first: Int, retryAfter: UInt32)

    public var type: MessageType {
        switch self {
        case .hello: .hello
        case .refused: .refused
        case .newPeer: .newPeer
        case .leftPeer: .leftPeer
        case .pong: .pong
        case .rosterRequest: .rosterRequest
        case .welcome: .welcome
        case .rosterSnapshot: .rosterSnapshot
        case .rosterDelta: .rosterDelta
        case .ping: .ping
        case .req: .req
        case .have: .have
        case .notHave: .notHave
        case .hashesRequest: .hashesRequest
        case .hashes: .hashes
        case .chunk: .chunk
        case .piece: .piece
        case .endOfChunk: .endOfChunk
        case .cancel: .cancel
        case .noHashes: .noHashes
        case .nowHave: .nowHave
        case .introduce: .introduce
        case .busy: .busy
        }
    }
}

/// What `req` asks for.
public enum FileQuery: Hashable, Sendable {
    case name(ShareName)
    case root(FileRoot)
    /// Any file of this digest, whatever its length: what a person types after `--root`.
    case digest(Digest)
    /// A directory as one version: the offer's root is its manifest's.
    case tree(ShareName)
}

/// What a holder has of a file.
public enum Holding: Hashable, Sendable {
    case all
    /// All of a directory, whose manifest's root is offered: the manifest, and so many bytes of files.
    case tree(length: UInt64)
    /// It is fetching the file itself: these pieces are verified and durable.
    case pieces(PieceSet)

    public var isComplete: Bool {
        switch self {
        case .all, .tree: true
        case .pieces(let pieces): pieces.isComplete
        }
    }

    public func contains(_ piece: Int) -> Bool {
        switch self {
        case .all, .tree: true
        case .pieces(let pieces): pieces.contains(piece)
        }
    }
}

/// What a holder answers.
public struct FileOffer: Hashable, Sendable {
    public let root: FileRoot
    public let layout: PieceLayout
    /// Seconds since 1970, for people who choose between versions.
    public let modified: Int64
    /// What the holder calls it.
    public let name: ShareName
    public let holding: Holding

    /// - Returns: nil for a file longer than pieces allow, and for a set of another number of pieces.
    public init?(root: FileRoot, modified: Int64, name: ShareName, holding: Holding = .all) {
        guard let layout = PieceLayout(length: root.length) else { return nil }
        self.root = root
        self.layout = layout
        self.modified = modified
        self.name = name
        if case .pieces(let pieces) = holding, pieces.pieceCount != layout.pieceCount { return nil }
        self.holding = holding
    }

    public var isTree: Bool {
        if case .tree = holding { true } else { false }
    }

    /// Bytes that whoever fetches it gets: of a directory those of its files.
    public var length: UInt64 {
        if case .tree(let length) = holding { length } else { root.length }
    }
}

public enum NotHaveReason: UInt8, Sendable {
    case unknown = 0
    /// The share is still being indexed and may turn out to hold it: worth asking again.
    case indexing = 1
    /// A directory that is there, and that cannot be offered as one version.
    case unfit = 2
}

/// Why no more pieces of a chunk will come.
public enum ChunkEnd: UInt8, Sendable {
    /// All were sent.
    case complete = 0
    /// The requester cancelled it.
    case cancelled = 1
    /// The file changed or went away under the holder.
    case gone = 2
}

public enum RefusalCode: UInt8, Sendable {
    /// The other end broke the protocol.
    case violation = 0
    /// A cap on connections or peers is reached.
    case full = 1
    /// The daemon is going away.
    case leaving = 2
    /// A newer connection of the same peer has taken this one's place.
    case replaced = 3
    /// The other end sent wrong bytes too often.
    case banned = 4
    /// Nobody answers at the address under which the other end wants to be known.
    case unreachable = 5
}
