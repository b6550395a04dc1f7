import Content
import Testing

@testable import Wire

@Suite struct MessageEncoderTests {
    @Test("Every message is encoded as its vector says, byte for byte", arguments: Vectors.all)
    func vectors(_ vector: Vector) {
        #expect(Hex.encode(vector.message.encoded) == Hex.encode(vector.frame))
    }

    @Test("There is a vector for every type of message")
    func complete() {
        #expect(Set(Vectors.all.map(\.message.type)) == Set(MessageType.allCases))
    }

    @Test("A frame is appended behind what a buffer holds already")
    func appends() {
        var buffer: [UInt8] = [0xAA, 0xBB]
        for vector in Vectors.all { vector.message.encode(into: &buffer) }
        #expect(buffer == [0xAA, 0xBB] + Vectors.all.flatMap(\.frame))
    }

    @Test("A label too long for its field is cut between characters, not inside one")
    func cutsText() throws {
        let label = String(repeating: "x", count: WireLimits.labelMax - 1) + "é"
        let sent = try decode(Message.newPeer(port: 1, label: label).encoded)
        #expect(sent == [.newPeer(port: 1, label: String(label.dropLast()))])
    }

    @Test("A reason of exactly the limit is kept whole")
    func keepsText() throws {
        let reason = String(repeating: "é", count: WireLimits.reasonMax / 2)
        #expect(try decode(Message.refused(.leaving, reason: reason).encoded) == [.refused(.leaving, reason: reason)])
    }

    @Test("No message is longer than its type allows", arguments: MessageType.allCases)
    func withinLimits(_ type: MessageType) throws {
        let message = try Longest.message(of: type)
        #expect(message.type == type)
        #expect(message.encoded.count - WireLimits.headerSize == type.bodyMax)
        #expect(try decode(message.encoded) == [message])
    }
}

/// The longest message of each type.
enum Longest {
    static func message(of type: MessageType) throws -> Message {
        switch type {
        case .hello: .hello(Hello(id: Vectors.alpha, role: .peer))
        case .refused: .refused(.violation, reason: String(repeating: "r", count: WireLimits.reasonMax))
        case .newPeer: .newPeer(port: .max, label: label)
        case .leftPeer: .leftPeer
        case .pong: .pong(epoch: .max)
        case .rosterRequest: .rosterRequest
        case .welcome: .welcome(observed: Vectors.sixth, heartbeat: .max, silence: .max)
        case .rosterSnapshot:
            .rosterSnapshot(RosterPage(epoch: .max, total: WireLimits.rosterMax, first: 0, entries: entries))
        case .rosterDelta: .rosterDelta(RosterDelta(epoch: .max, joined: entries, left: []))
        case .ping: .ping(epoch: .max, size: .max)
        case .req, .have, .notHave: try answer(type)
        case .hashesRequest: .hashesRequest(longRoot, first: 0, count: WireLimits.digestsPerFrameMax)
        case .hashes: .hashes(longRoot, first: 0, Array(repeating: .zero, count: WireLimits.digestsPerFrameMax))
        case .chunk: .chunk(longRoot, first: 0, count: WireLimits.chunkPiecesMax)
        case .piece: .piece(index: WireLimits.pieceCountMax - 1, length: WireLimits.pieceSizeMax)
        case .endOfChunk: .endOfChunk(first: WireLimits.pieceCountMax - 1, .gone)
        case .cancel: .cancel(longRoot, first: 0, count: WireLimits.chunkPiecesMax)
        case .noHashes: .noHashes(longRoot)
        case .nowHave: .nowHave(longRoot, (0..<WireLimits.runsPerFrameMax).map { 2 * $0..<2 * $0 + 1 })
        case .introduce: .introduce(longRoot, Array(repeating: Vectors.alpha, count: WireLimits.introducedMax))
        case .busy: .busy(first: WireLimits.pieceCountMax - 1, retryAfter: .max)
        }
    }

    private static func answer(_ type: MessageType) throws -> Message {
        let component = String(repeating: "n", count: 204)
        let name = try ShareName(Array(repeating: component, count: 5).joined(separator: "/"))
        guard type != .notHave else { return .notHave(request: .max, .unknown) }
        guard type == .have else { return .req(request: .max, .name(name)) }
        let pieces = PieceSet(pieceCount: WireLimits.pieceCountMax)
        return .have(
            request: .max,
            try #require(FileOffer(root: longRoot, modified: .min, name: name, holding: .pieces(pieces))))
    }

    private static let label = String(repeating: "l", count: WireLimits.labelMax)
    private static let longRoot = FileRoot(digest: Vectors.digest, length: PieceLayout.maxLength)
    private static let entries = (0..<UInt64(WireLimits.rosterEntriesPerFrameMax)).map {
        RosterEntry(id: PeerID(high: 0, low: $0), address: Vectors.fourth, label: label)
    }
}
