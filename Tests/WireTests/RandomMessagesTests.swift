import Content
import TestSupport
import Testing

@testable import Wire

/// What no list of examples covers. Every test names its seed; `P2PD_TEST_SEED` replays it.
@Suite struct RandomMessagesTests {
    @Test("Any message comes back as it was sent, however its bytes are cut", arguments: Seeded.seeds(4))
    func roundTrip(seed: UInt64) throws {
        var random = Seeded(seed)
        let sent = try (0..<500).map { _ in try RandomMessage.make(&random) }
        let stream = sent.flatMap(\.encoded)
        var parts: [ArraySlice<UInt8>] = []
        var rest = stream[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...400, using: &random)
            parts.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        #expect(try decode(parts) == sent)
    }

    /// The longest frame there is, and what one read may bring behind it.
    private static let heldMax = WireLimits.headerSize + MessageType.hashes.bodyMax

    @Test("Random bytes end in an error or wait for more, and never hold more than a frame", arguments: Seeded.seeds(4))
    func randomBytes(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<25_000 {
            var decoder = FrameDecoder()
            exhaust(&decoder, random.bytes(1 + Int(random.next() % 96)))
        }
    }

    @Test("Random bodies under honest headers do the same", arguments: Seeded.seeds(4))
    func randomBodies(seed: UInt64) {
        var random = Seeded(seed)
        let types = MessageType.allCases
        for _ in 0..<25_000 {
            let type = types[Int(random.next() % UInt64(types.count))]
            let count = Int(random.next() % UInt64(min(type.bodyMax, 160) + 1))
            var decoder = FrameDecoder()
            exhaust(&decoder, frame(type, random.bytes(count)))
        }
    }

    @Test("A true message with some bytes changed does the same", arguments: Seeded.seeds(4))
    func changedBytes(seed: UInt64) {
        var random = Seeded(seed)
        let frames = Vectors.all.map(\.frame)
        for _ in 0..<25_000 {
            var bytes = frames[Int(random.next() % UInt64(frames.count))]
            for _ in 0...random.next() % 4 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            var decoder = FrameDecoder()
            exhaust(&decoder, bytes)
        }
    }

    @Test("A stream that never finishes its frame is held up to that frame's limit, then refused")
    func endlessFrame() {
        var decoder = FrameDecoder()
        decoder.append(header(length: UInt32(MessageType.hashes.bodyMax + 1), MessageType.hashes.rawValue))
        let block = [UInt8](repeating: 0, count: 4096)
        var ended = false
        for _ in 0..<100 where !ended {
            decoder.append(block)
            do { while try decoder.next() != nil {} } catch { ended = true }
            #expect(decoder.buffered <= Self.heldMax + block.count)
        }
        #expect(ended)
    }

    private func exhaust(_ decoder: inout FrameDecoder, _ bytes: [UInt8]) {
        decoder.append(bytes)
        do {
            while try decoder.next() != nil {}
        } catch {
            // An error is an answer: the connection is closed with it.
        }
        if decoder.buffered > Self.heldMax { Issue.record("\(decoder.buffered) bytes are held") }
    }
}

extension Seeded {
    mutating func bytes(_ count: Int) -> [UInt8] {
        let words = (0..<(count + 7) / 8).map { _ in next() }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }
}

enum RandomMessage {
    static func make(_ random: inout Seeded) throws -> Message {
        guard let type = MessageType.allCases.randomElement(using: &random) else { return .leftPeer }
        let number = UInt32.random(in: 0 ... .max, using: &random)
        let epoch = UInt64.random(in: 0 ... .max, using: &random)
        switch type {
        case .hello:
            let role: Role = Bool.random(using: &random) ? .peer : .manager
            return .hello(Hello(id: .random(using: &random), role: role, features: number))
        case .refused: return .refused(.full, reason: text(max: WireLimits.reasonMax, &random))
        case .newPeer: return .newPeer(port: .random(in: 1 ... .max, using: &random), label: label(&random))
        case .leftPeer: return .leftPeer
        case .pong: return .pong(epoch: epoch)
        case .rosterRequest: return .rosterRequest
        case .welcome: return .welcome(observed: address(&random), heartbeat: number, silence: number / 2)
        case .rosterSnapshot:
            let page = entries(&random)
            let first = Int.random(in: 0...1000, using: &random)
            return .rosterSnapshot(RosterPage(epoch: epoch, total: first + page.count, first: first, entries: page))
        case .rosterDelta:
            let left = (0..<Int.random(in: 0...9, using: &random)).map { _ in PeerID.random(using: &random) }
            return .rosterDelta(RosterDelta(epoch: epoch, joined: entries(&random), left: left))
        case .ping: return .ping(epoch: epoch, size: number)
        case .req: return .req(request: number, try query(&random))
        case .have: return .have(request: number, try offer(&random))
        case .notHave: return .notHave(request: number, Bool.random(using: &random) ? .unknown : .indexing)
        case .hashesRequest, .hashes, .chunk, .cancel: return run(type, &random)
        case .piece:
            return .piece(index: Int(number >> 12), length: Int.random(in: 1...WireLimits.pieceSizeMax, using: &random))
        case .endOfChunk: return .endOfChunk(first: Int(number >> 12), .cancelled)
        case .noHashes: return .noHashes(root(&random))
        case .nowHave: return nowHave(&random)
        case .introduce:
            let count = Int.random(in: 1...WireLimits.introducedMax, using: &random)
            return .introduce(root(&random), (0..<count).map { _ in PeerID.random(using: &random) })
        case .busy: return .busy(first: Int(number >> 12), retryAfter: number)
        }
    }

    private static func run(_ type: MessageType, _ random: inout Seeded) -> Message {
        let root = root(&random)
        let pieceCount = PieceLayout(length: root.length)?.pieceCount ?? 0
        let first = Int.random(in: 0..<pieceCount, using: &random)
        let count = Int.random(in: 1...min(64, pieceCount - first), using: &random)
        switch type {
        case .hashes: return .hashes(root, first: first, (0..<count).map { _ in digest(&random) })
        case .hashesRequest: return .hashesRequest(root, first: first, count: count)
        case .cancel: return .cancel(root, first: first, count: count)
        default: return .chunk(root, first: first, count: count)
        }
    }

    private static func nowHave(_ random: inout Seeded) -> Message {
        let root = root(&random)
        let pieceCount = PieceLayout(length: root.length)?.pieceCount ?? 0
        var pieces = PieceSet(pieceCount: pieceCount)
        for _ in 0..<20 { pieces.insert(Int.random(in: 0..<pieceCount, using: &random)) }
        return .nowHave(root, pieces.runs)
    }

    private static func query(_ random: inout Seeded) throws -> FileQuery {
        switch Int.random(in: 0...3, using: &random) {
        case 0: .name(try name(&random))
        case 1: .root(root(&random))
        case 2: .tree(try name(&random))
        default: .digest(digest(&random))
        }
    }

    private static func offer(_ random: inout Seeded) throws -> FileOffer {
        let modified = Int64.random(in: .min ... .max, using: &random)
        let root = root(&random)
        return try #require(
            FileOffer(root: root, modified: modified, name: try name(&random), holding: holding(root, &random)))
    }

    private static func holding(_ root: FileRoot, _ random: inout Seeded) -> Holding {
        guard Bool.random(using: &random), let layout = PieceLayout(length: root.length) else {
            return Bool.random(using: &random)
                ? .all : .tree(length: .random(in: 0...UInt64(Int64.max), using: &random))
        }
        var pieces = PieceSet(pieceCount: layout.pieceCount)
        for _ in 0..<9 { pieces.insert(Int.random(in: 0..<layout.pieceCount, using: &random)) }
        return .pieces(pieces)
    }

    private static func name(_ random: inout Seeded) throws -> ShareName {
        let components = (0..<Int.random(in: 1...4, using: &random)).map { _ in "n" + text(max: 60, &random) }
        return try ShareName(components.joined(separator: "/"))
    }

    private static func root(_ random: inout Seeded) -> FileRoot {
        let length =
            UInt64.random(in: 1...PieceLayout.maxLength, using: &random) >> UInt64.random(in: 0...40, using: &random)
        return FileRoot(digest: digest(&random), length: max(1, length))
    }

    private static func digest(_ random: inout Seeded) -> Digest {
        Digest(bytes: random.bytes(32)) ?? .zero
    }

    private static func entries(_ random: inout Seeded) -> [RosterEntry] {
        (0..<Int.random(in: 0...9, using: &random)).map { _ in
            RosterEntry(id: .random(using: &random), address: address(&random), label: label(&random))
        }
    }

    private static func address(_ random: inout Seeded) -> PeerAddress {
        let port = UInt16.random(in: 0 ... .max, using: &random)
        guard Bool.random(using: &random) else {
            return PeerAddress(ipv4: .random(in: 0 ... .max, using: &random), port: port)
        }
        return PeerAddress(high: random.next(), low: random.next(), port: port)
    }

    private static func label(_ random: inout Seeded) -> String { text(max: WireLimits.labelMax, &random) }

    /// Of one- to four-byte characters, `max` bytes at most.
    private static func text(max: Int, _ random: inout Seeded) -> String {
        let characters = (0..<Int.random(in: 0...max / 4, using: &random)).map { _ in
            ["a", " ", "ß", "語", "🦉", "e\u{301}"].randomElement(using: &random) ?? "a"
        }
        return String(characters.joined().unicodeScalars.prefix(max / 4))
    }
}
