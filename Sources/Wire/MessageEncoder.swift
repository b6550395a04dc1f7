import Content

extension Message {
    /// The whole frame.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        // Most are small, and grow no more then.
        bytes.reserveCapacity(64)
        encode(into: &bytes)
        return bytes
    }

    /// Appends the frame: `u32 length` of what follows it, `u8 type`, body; little-endian.
    public func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        // Lent and taken back, so that there is one owner at any time: with two, all bytes would be copied at each write.
        var writer = ByteWriter(bytes: [])
        swap(&writer.bytes, &bytes)
        writer.integer(UInt32(0))
        writer.integer(type.rawValue)
        writeBody(&writer)
        let length = UInt32(writer.bytes.count - start - 4)
        writer.bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: length.littleEndian, toByteOffset: start, as: UInt32.self)
        }
        swap(&writer.bytes, &bytes)
    }

    private func writeBody(_ writer: inout ByteWriter) {
        switch self {
        case .hello(let hello): writer.hello(hello)
        case .refused(let code, let reason):
            writer.integer(code.rawValue)
            writer.text(reason, max: WireLimits.reasonMax)
        case .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta, .ping:
            writeManagerBody(&writer)
        case .req, .have, .notHave, .hashesRequest, .hashes, .chunk, .piece, .endOfChunk, .cancel, .noHashes, .nowHave,
            .introduce, .busy:
            writePeerBody(&writer)
        }
    }

    private func writeManagerBody(_ writer: inout ByteWriter) {
        switch self {
        case .newPeer(let port, let label):
            writer.integer(port)
            writer.text(label, max: WireLimits.labelMax)
        case .pong(let epoch): writer.integer(epoch)
        case .welcome(let observed, let heartbeat, let silence):
            writer.address(observed)
            writer.integer(heartbeat)
            writer.integer(silence)
        case .rosterSnapshot(let page): writer.page(page)
        case .rosterDelta(let delta): writer.delta(delta)
        case .ping(let epoch, let size):
            writer.integer(epoch)
            writer.integer(size)
        case .leftPeer, .rosterRequest, .hello, .refused, .req, .have, .notHave, .hashesRequest, .hashes, .chunk,
            .piece, .endOfChunk, .cancel, .noHashes, .nowHave, .introduce, .busy:
            break
        }
    }

    private func writePeerBody(_ writer: inout ByteWriter) {
        switch self {
        case .req(let request, let query):
            writer.integer(request)
            writer.query(query)
        case .have(let request, let offer):
            writer.integer(request)
            writer.offer(offer)
        case .notHave(let request, let reason):
            writer.integer(request)
            writer.integer(reason.rawValue)
        case .hashes(let root, let first, let digests):
            writer.pieces(root, first, digests.count)
            digests.withUnsafeBytes { writer.bytes.append(contentsOf: $0) }
        case .hashesRequest(let root, let first, let count), .chunk(let root, let first, let count),
            .cancel(let root, let first, let count):
            writer.pieces(root, first, count)
        case .piece(let index, let length):
            writer.integer(UInt32(index))
            writer.integer(UInt32(length))
        case .endOfChunk(let first, let end):
            writer.integer(UInt32(first))
            writer.integer(end.rawValue)
        case .noHashes(let root): writer.root(root)
        case .nowHave(let root, let runs):
            writer.root(root)
            writer.integer(UInt32(runs.count))
            for run in runs {
                writer.integer(UInt32(run.lowerBound))
                writer.integer(UInt32(run.count))
            }
        case .introduce(let root, let peers):
            writer.root(root)
            writer.integer(UInt32(peers.count))
            for peer in peers { writer.peerID(peer) }
        case .busy(let first, let retryAfter):
            writer.integer(UInt32(first))
            writer.integer(retryAfter)
        case .hello, .refused, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta,
            .ping:
            break
        }
    }
}

extension ByteWriter {
    fileprivate mutating func hello(_ hello: Hello) {
        bytes.append(contentsOf: Hello.magic)
        integer(Hello.version)
        integer(hello.features)
        peerID(hello.id)
        integer(hello.role.rawValue)
    }

    fileprivate mutating func page(_ page: RosterPage) {
        integer(page.epoch)
        integer(UInt32(page.total))
        integer(UInt32(page.first))
        integer(UInt32(page.entries.count))
        for entry in page.entries { self.entry(entry) }
    }

    fileprivate mutating func delta(_ delta: RosterDelta) {
        integer(delta.epoch)
        integer(UInt32(delta.joined.count))
        integer(UInt32(delta.left.count))
        for entry in delta.joined { self.entry(entry) }
        for id in delta.left { peerID(id) }
    }

    private mutating func entry(_ entry: RosterEntry) {
        peerID(entry.id)
        address(entry.address)
        text(entry.label, max: WireLimits.labelMax)
    }

    fileprivate mutating func query(_ query: FileQuery) {
        switch query {
        case .name(let name):
            integer(UInt8(0))
            self.name(name)
        case .root(let root):
            integer(UInt8(1))
            self.root(root)
        case .digest(let digest):
            integer(UInt8(2))
            self.digest(digest)
        case .tree(let name):
            integer(UInt8(3))
            self.name(name)
        }
    }

    fileprivate mutating func offer(_ offer: FileOffer) {
        root(offer.root)
        integer(offer.layout.pieceSizeLog2)
        integer(offer.modified)
        name(offer.name)
        switch offer.holding {
        case .all: integer(UInt8(0))
        case .pieces(let pieces):
            integer(UInt8(1))
            bytes.append(contentsOf: pieces.bytes)
        case .tree(let length):
            integer(UInt8(2))
            integer(length)
        }
    }

    fileprivate mutating func pieces(_ root: FileRoot, _ first: Int, _ count: Int) {
        self.root(root)
        integer(UInt32(first))
        integer(UInt32(count))
    }
}
