import Content
import Wire

/// One message and the frame it is, byte for byte.
struct Vector: Sendable, CustomStringConvertible {
    let name: String
    let message: Message
    /// The frame, fields separated by spaces as ARCHITECTURE.md shows them.
    let hex: String

    init(_ name: String, _ message: Message, _ hex: String) {
        self.name = name
        self.message = message
        self.hex = hex
    }

    var description: String { name }
    var frame: [UInt8] { bytes(hex) }
}

/// Bytes from hexadecimal text in which spaces do not count.
func bytes(_ hex: String) -> [UInt8] {
    Hex.decode(hex.filter { !$0.isWhitespace }) ?? []
}

/// Every message, written by hand from its layout.
enum Vectors {
    static let alpha = PeerID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    static let beta = PeerID(high: 0xFFEE_DDCC_BBAA_9988, low: 0x7766_5544_3322_1100)
    /// 192.0.2.1:7001
    static let fourth = PeerAddress(ipv4: 0xC000_0201, port: 7001)
    /// [2001:db8::1]:7002
    static let sixth = PeerAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 7002)
    static let digest = Digest(bytes: Array(0..<32)) ?? .zero
    /// Three pieces of 1 MiB and five bytes.
    static let root = FileRoot(digest: digest, length: 3 << 20 + 5)

    static let alphaEntry = RosterEntry(id: alpha, address: fourth, label: "alpha")
    static let betaEntry = RosterEntry(id: beta, address: sixth, label: "b\u{EA}ta")

    static let digestHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    static let zeroHex = "0000000000000000000000000000000000000000000000000000000000000000"
    static let alphaHex = "00112233445566778899aabbccddeeff"
    static let betaHex = "ffeeddccbbaa99887766554433221100"
    static let fourthHex = "00000000000000000000ffffc0000201 591b"
    static let sixthHex = "20010db8000000000000000000000001 5a1b"

    static let all: [Vector] = both + managerBound + peerBound + offers + transfer

    private static let both = [
        Vector(
            "hello of a peer", .hello(Hello(id: alpha, role: .peer)),
            "1c000000 01  50325044 0100 00000000 \(alphaHex) 01"),
        Vector(
            "hello of a manager", .hello(Hello(id: beta, role: .manager, features: 0x8000_0001)),
            "1c000000 01  50325044 0100 01000080 \(betaHex) 00"),
        Vector("refused", .refused(.full, reason: "no room"), "0b000000 02  01 0700 6e6f20726f6f6d"),
    ]

    private static let managerBound = [
        Vector("newPeer", .newPeer(port: 7001, label: "alpha"), "0a000000 10  591b 0500 616c706861"),
        Vector("leftPeer", .leftPeer, "01000000 11"),
        Vector("pong", .pong(epoch: 5), "09000000 12  0500000000000000"),
        Vector("rosterRequest", .rosterRequest, "01000000 13"),
    ]

    private static let peerBound = [
        Vector(
            "welcome", .welcome(observed: fourth, heartbeat: 5000, silence: 15000),
            "1b000000 20  \(fourthHex) 88130000 983a0000"),
        Vector(
            "rosterSnapshot",
            .rosterSnapshot(RosterPage(epoch: 7, total: 2, first: 0, entries: [alphaEntry, betaEntry])),
            "67000000 21  0700000000000000 02000000 00000000 02000000 "
                + "\(alphaHex) \(fourthHex) 0500 616c706861 \(betaHex) \(sixthHex) 0500 62c3aa7461"),
        Vector(
            "rosterSnapshot of nobody", .rosterSnapshot(RosterPage(epoch: 0, total: 0, first: 0, entries: [])),
            "15000000 21  0000000000000000 00000000 00000000 00000000"),
        Vector(
            "rosterDelta", .rosterDelta(RosterDelta(epoch: 8, joined: [alphaEntry], left: [beta])),
            "4a000000 22  0800000000000000 01000000 01000000 \(alphaHex) \(fourthHex) 0500 616c706861 \(betaHex)"),
        Vector("ping", .ping(epoch: 8, size: 2), "0d000000 23  0800000000000000 02000000"),
    ]

    private static let offers =
        [
            Vector(
                "req by root", .req(request: 9, .root(root)),
                "2e000000 30  09000000 01 \(digestHex) 0500300000000000"),
            Vector("req by digest", .req(request: 9, .digest(digest)), "26000000 30  09000000 02 \(digestHex)"),
            Vector("notHave", .notHave(request: 9, .indexing), "06000000 32  09000000 01"),
            Vector("notHave of a directory", .notHave(request: 9, .unfit), "06000000 32  09000000 02"),
        ] + named

    /// `models/a.bin`, modified at 1,700,000,000 s.
    private static let named: [Vector] = {
        guard let name = try? ShareName("models/a.bin"),
            let directory = try? ShareName("models"),
            let offer = FileOffer(root: root, modified: 1_700_000_000, name: name),
            let pieces = PieceSet(pieceCount: 4, bytes: [0b1001]),
            let partial = FileOffer(root: root, modified: 1_700_000_000, name: name, holding: .pieces(pieces)),
            let tree = FileOffer(root: root, modified: 1_700_000_000, name: directory, holding: .tree(length: 1 << 33))
        else { return [] }
        return [
            Vector(
                "req by name", .req(request: 9, .name(name)),
                "14000000 30  09000000 00 0c00 6d6f64656c732f612e62696e"),
            Vector(
                "have", .have(request: 9, offer),
                "45000000 31  09000000 \(digestHex) 0500300000000000 14 00f1536500000000 "
                    + "0c00 6d6f64656c732f612e62696e 00"),
            Vector(
                "have of pieces 0 and 3", .have(request: 9, partial),
                "46000000 31  09000000 \(digestHex) 0500300000000000 14 00f1536500000000 "
                    + "0c00 6d6f64656c732f612e62696e 01 09"),
            Vector(
                "have of a directory", .have(request: 9, tree),
                "47000000 31  09000000 \(digestHex) 0500300000000000 14 00f1536500000000 0600 6d6f64656c73 "
                    + "02 0000000002000000"),
            Vector(
                "req of a directory", .req(request: 9, .tree(directory)), "0e000000 30  09000000 03 0600 6d6f64656c73"),
        ]
    }()

    private static let transfer = [
        Vector(
            "hashesRequest", .hashesRequest(root, first: 1, count: 2),
            "31000000 33  \(digestHex) 0500300000000000 01000000 02000000"),
        Vector(
            "hashes", .hashes(root, first: 1, [digest, .zero]),
            "71000000 34  \(digestHex) 0500300000000000 01000000 02000000 \(digestHex) \(zeroHex)"),
        Vector(
            "chunk", .chunk(root, first: 1, count: 3),
            "31000000 35  \(digestHex) 0500300000000000 01000000 03000000"),
        Vector("piece", .piece(index: 3, length: 5), "09000000 36  03000000 05000000"),
        Vector("endOfChunk", .endOfChunk(first: 1, .complete), "06000000 37  01000000 00"),
        Vector(
            "cancel", .cancel(root, first: 1, count: 3),
            "31000000 38  \(digestHex) 0500300000000000 01000000 03000000"),
        Vector("noHashes", .noHashes(root), "29000000 39  \(digestHex) 0500300000000000"),
        Vector(
            "nowHave", .nowHave(root, [0..<1, 2..<4]),
            "3d000000 3a  \(digestHex) 0500300000000000 02000000 00000000 01000000 02000000 02000000"),
        Vector(
            "introduce", .introduce(root, [alpha, beta]),
            "4d000000 3b  \(digestHex) 0500300000000000 02000000 \(alphaHex) \(betaHex)"),
        Vector("busy", .busy(first: 1, retryAfter: 5000), "09000000 3c  01000000 88130000"),
    ]
}
