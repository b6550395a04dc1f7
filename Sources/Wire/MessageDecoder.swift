import Content

// trap: pieceCount, first, count, upperBound, earliest: pieces of a file, 2^20 at most
// trap: total, joinedCount: entries of a roster, below their limits when they are used

extension Message {
    /// Reads the body of a frame whose length has been checked against `type.bodyMax`.
    init(_ type: MessageType, _ body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = ByteReader(body, of: type)
        self = try Message.read(type, &reader)
        try reader.finish()
    }

    private static func read(_ type: MessageType, _ reader: inout ByteReader) throws(WireError) -> Message {
        switch type {
        case .hello: return .hello(try reader.hello())
        case .refused:
            let code = try reader.raw(RefusalCode.self, "code")
            return .refused(code, reason: try reader.text(max: WireLimits.reasonMax))
        case .newPeer:
            let port = try reader.integer(UInt16.self)
            guard port != 0 else { throw .badValue(type: .newPeer, field: "port") }
            return .newPeer(port: port, label: try reader.text(max: WireLimits.labelMax))
        case .leftPeer: return .leftPeer
        case .pong: return .pong(epoch: try reader.integer())
        case .rosterRequest: return .rosterRequest
        case .welcome:
            return .welcome(
                observed: try reader.address(), heartbeat: try reader.integer(), silence: try reader.integer())
        case .rosterSnapshot: return .rosterSnapshot(try reader.page())
        case .rosterDelta: return .rosterDelta(try reader.delta())
        case .ping: return .ping(epoch: try reader.integer(), size: try reader.integer())
        case .req: return .req(request: try reader.integer(), try reader.query())
        case .have: return .have(request: try reader.integer(), try reader.offer())
        case .notHave: return .notHave(request: try reader.integer(), try reader.raw(NotHaveReason.self, "reason"))
        case .hashesRequest, .hashes, .chunk, .cancel, .piece, .endOfChunk, .noHashes, .nowHave, .introduce, .busy:
            return try readTransfer(type, &reader)
        }
    }

    private static func readTransfer(_ type: MessageType, _ reader: inout ByteReader) throws(WireError) -> Message {
        switch type {
        case .hashesRequest:
            let (root, range) = try reader.pieces(max: WireLimits.digestsPerFrameMax)
            return .hashesRequest(root, first: range.lowerBound, count: range.count)
        case .hashes:
            let (root, range) = try reader.pieces(max: WireLimits.digestsPerFrameMax)
            return .hashes(root, first: range.lowerBound, try reader.digests(range.count))
        case .chunk:
            let (root, range) = try reader.pieces(max: WireLimits.chunkPiecesMax)
            return .chunk(root, first: range.lowerBound, count: range.count)
        case .cancel:
            let (root, range) = try reader.pieces(max: WireLimits.chunkPiecesMax)
            return .cancel(root, first: range.lowerBound, count: range.count)
        case .piece:
            return .piece(
                index: try reader.count(in: 0...WireLimits.pieceCountMax - 1, "index"),
                length: try reader.count(in: 1...WireLimits.pieceSizeMax, "length"))
        case .endOfChunk:
            return .endOfChunk(
                first: try reader.count(in: 0...WireLimits.pieceCountMax - 1, "first piece"),
                try reader.raw(ChunkEnd.self, "end"))
        case .noHashes: return .noHashes(try reader.root())
        case .nowHave: return try reader.nowHave()
        case .introduce:
            let root = try reader.root()
            let count = try reader.count(in: 1...WireLimits.introducedMax, "peer count")
            return .introduce(root, try reader.peerIDs(count))
        case .busy:
            return .busy(
                first: try reader.count(in: 0...WireLimits.pieceCountMax - 1, "first piece"),
                retryAfter: try reader.integer())
        case .hello, .refused, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta,
            .ping, .req, .have, .notHave:
            throw .unknownType(type.rawValue)
        }
    }
}

extension ByteReader {
    fileprivate mutating func hello() throws(WireError) -> Hello {
        guard try take(4).elementsEqual(Hello.magic) else { throw .wrongMagic }
        let version = try integer(UInt16.self)
        guard version == Hello.version else { throw .wrongVersion(version) }
        let features = try integer(UInt32.self)
        let id = try peerID()
        return Hello(id: id, role: try raw(Role.self, "role"), features: features)
    }

    fileprivate mutating func page() throws(WireError) -> RosterPage {
        let epoch = try integer(UInt64.self)
        let total = try count(in: 0...WireLimits.rosterMax, "total")
        let first = try count(in: 0...total, "first entry")
        let count = try count(in: 0...min(total - first, WireLimits.rosterEntriesPerFrameMax), "entry count")
        return RosterPage(epoch: epoch, total: total, first: first, entries: try entries(count))
    }

    fileprivate mutating func delta() throws(WireError) -> RosterDelta {
        let epoch = try integer(UInt64.self)
        let joinedCount = try count(in: 0...WireLimits.rosterEntriesPerFrameMax, "joined count")
        let leftCount = try count(in: 0...WireLimits.rosterEntriesPerFrameMax - joinedCount, "left count")
        let joined = try entries(joinedCount)
        return RosterDelta(epoch: epoch, joined: joined, left: try peerIDs(leftCount))
    }

    fileprivate mutating func peerIDs(_ count: Int) throws(WireError) -> [PeerID] {
        var ids: [PeerID] = []
        for _ in 0..<count { ids.append(try peerID()) }
        return ids
    }

    private mutating func entries(_ count: Int) throws(WireError) -> [RosterEntry] {
        var entries: [RosterEntry] = []
        for _ in 0..<count {
            entries.append(
                RosterEntry(id: try peerID(), address: try address(), label: try text(max: WireLimits.labelMax)))
        }
        return entries
    }

    fileprivate mutating func query() throws(WireError) -> FileQuery {
        switch try integer(UInt8.self) {
        case 0: .name(try name())
        case 1: .root(try root())
        case 2: .digest(try digest())
        case 3: .tree(try name())
        default: throw .badValue(type: .req, field: "kind of query")
        }
    }

    fileprivate mutating func offer() throws(WireError) -> FileOffer {
        let root = try root()
        let pieceSizeLog2 = try integer(UInt8.self)
        let modified = try integer(Int64.self)
        let name = try name()
        guard let layout = PieceLayout(length: root.length) else { throw .badValue(type: .have, field: "length") }
        guard layout.pieceSizeLog2 == pieceSizeLog2 else { throw .badValue(type: .have, field: "piece size") }
        let holding = try holding(pieceCount: layout.pieceCount)
        guard let offer = FileOffer(root: root, modified: modified, name: name, holding: holding) else {
            throw .badValue(type: .have, field: "piece set")
        }
        // A file without bytes has no piece that would show that it has another root. A directory's list is read.
        guard root.length > 0 || root == .empty || offer.isTree else { throw .badValue(type: .have, field: "root") }
        return offer
    }

    private mutating func holding(pieceCount: Int) throws(WireError) -> Holding {
        switch try integer(UInt8.self) {
        case 0: return .all
        case 1:
            guard let pieces = PieceSet(pieceCount: pieceCount, bytes: try take((pieceCount + 7) / 8)) else {
                throw .badValue(type: .have, field: "piece set")
            }
            return .pieces(pieces)
        case 2:
            let length = try integer(UInt64.self)
            guard length <= UInt64(Int64.max) else { throw .badValue(type: .have, field: "length of a directory") }
            return .tree(length: length)
        default: throw .badValue(type: .have, field: "kind of holding")
        }
    }

    /// Runs in order and apart from each other, so that one set of pieces has one spelling.
    fileprivate mutating func nowHave() throws(WireError) -> Message {
        let root = try root()
        let pieceCount = PieceLayout(length: root.length)?.pieceCount ?? 0
        var runs: [Range<Int>] = []
        for _ in 0..<(try count(in: 1...WireLimits.runsPerFrameMax, "run count")) {
            let earliest = runs.last.map { $0.upperBound + 1 } ?? 0
            guard earliest < pieceCount else { throw outOfRange("first piece") }
            let first = try count(in: earliest...pieceCount - 1, "first piece")
            let count = try count(in: 1...pieceCount - first, "piece count")
            runs.append(first..<first + count)
        }
        return .nowHave(root, runs)
    }

    /// A root with a run of one to `max` of its pieces.
    fileprivate mutating func pieces(max: Int) throws(WireError) -> (FileRoot, Range<Int>) {
        let root = try root()
        let pieceCount = PieceLayout(length: root.length)?.pieceCount ?? 0
        guard pieceCount > 0 else { throw outOfRange("length") }
        let first = try count(in: 0...pieceCount - 1, "first piece")
        let count = try count(in: 1...min(max, pieceCount - first), "piece count")
        return (root, first..<first + count)
    }

    fileprivate mutating func digests(_ count: Int) throws(WireError) -> [Digest] {
        var digests: [Digest] = []
        digests.reserveCapacity(count)
        for _ in 0..<count { digests.append(try digest()) }
        return digests
    }

    fileprivate mutating func raw<T: RawRepresentable<UInt8>>(_: T.Type, _ field: String) throws(WireError) -> T {
        guard let value = T(rawValue: try integer(UInt8.self)) else { throw outOfRange(field) }
        return value
    }
}
