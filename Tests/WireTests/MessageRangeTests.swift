import Content
import Testing

@testable import Wire

/// Fields that are numbers: each is refused outside its range, with the name of the field.
@Suite struct MessageRangeTests {
    private func expect(_ type: MessageType, _ hex: String, isBad field: String) {
        #expect(throws: WireError.badValue(type: type, field: field), "\(hex)") { try decode(frame(type, bytes(hex))) }
    }

    private static let runs: [MessageType] = [.hashesRequest, .hashes, .chunk, .cancel]
    private let root = "\(Vectors.digestHex) 0500300000000000"

    @Test("A run of pieces that begins or ends outside the file is refused", arguments: runs)
    func outsideTheFile(_ type: MessageType) {
        expect(type, "\(root) 04000000 01000000", isBad: "first piece")
        expect(type, "\(root) ffffffff 01000000", isBad: "first piece")
        expect(type, "\(root) 03000000 02000000", isBad: "piece count")
        expect(type, "\(root) 00000000 05000000", isBad: "piece count")
        expect(type, "\(root) 01000000 ffffffff", isBad: "piece count")
    }

    @Test("A run of no pieces is refused", arguments: runs)
    func emptyRun(_ type: MessageType) {
        expect(type, "\(root) 00000000 00000000", isBad: "piece count")
    }

    @Test("A run of pieces of an empty file is refused", arguments: runs)
    func emptyFile(_ type: MessageType) {
        expect(type, "\(Vectors.zeroHex) 0000000000000000 00000000 01000000", isBad: "length")
    }

    @Test("A root longer than 4 TiB is refused", arguments: runs)
    func tooLong(_ type: MessageType) {
        expect(type, "\(Vectors.digestHex) 0100000000040000 00000000 01000000", isBad: "length")
        expect(type, "\(Vectors.digestHex) ffffffffffffffff 00000000 01000000", isBad: "length")
    }

    @Test("A chunk of more than 64 pieces is refused, and so are more digests than a frame holds")
    func longRuns() {
        let tebibytes = "\(Vectors.digestHex) 0000000000040000"
        expect(.chunk, "\(tebibytes) 00000000 41000000", isBad: "piece count")
        expect(.cancel, "\(tebibytes) 00000000 41000000", isBad: "piece count")
        expect(.hashesRequest, "\(tebibytes) 00000000 01200000", isBad: "piece count")
    }

    @Test("A piece index or length beyond every file is refused, and so is a piece of no bytes")
    func pieces() {
        expect(.piece, "00001000 01000000", isBad: "index")
        expect(.piece, "ffffffff 01000000", isBad: "index")
        expect(.piece, "00000000 00000000", isBad: "length")
        expect(.piece, "00000000 01004000", isBad: "length")
        expect(.endOfChunk, "00001000 00", isBad: "first piece")
        expect(.endOfChunk, "00000000 03", isBad: "end")
    }

    @Test("A set of pieces longer than the file is refused")
    func setTooLong() {
        let start = "09000000 \(root) 14 00f1536500000000 0100 61"
        expect(.have, "\(start) 01 10", isBad: "piece set")
        expect(.have, "\(start) 01 ff", isBad: "piece set")
        expect(.have, "\(start) 02 0000000000000080", isBad: "length of a directory")
        expect(.have, "\(start) 03", isBad: "kind of holding")
        #expect(throws: WireError.trailingBytes(type: .have, count: 1)) {
            try decode(frame(.have, bytes("\(start) 01 0100")))
        }
        #expect(throws: WireError.truncated(type: .have)) { try decode(frame(.have, bytes("\(start) 01"))) }
    }

    @Test("Runs of new pieces outside the file, out of order, touching or empty are refused")
    func runsOfNewPieces() {
        expect(.nowHave, "\(root) 00000000", isBad: "run count")
        expect(.nowHave, "\(root) 01020000", isBad: "run count")
        expect(.nowHave, "\(root) 01000000 04000000 01000000", isBad: "first piece")
        expect(.nowHave, "\(root) 01000000 03000000 02000000", isBad: "piece count")
        expect(.nowHave, "\(root) 01000000 00000000 00000000", isBad: "piece count")
        expect(.nowHave, "\(root) 02000000 00000000 01000000 01000000 01000000", isBad: "first piece")
        expect(.nowHave, "\(root) 02000000 02000000 01000000 00000000 01000000", isBad: "first piece")
        expect(.nowHave, "\(root) 02000000 03000000 01000000 00000000 01000000", isBad: "first piece")
        expect(.nowHave, "\(Vectors.zeroHex) 0000000000000000 01000000 00000000 01000000", isBad: "first piece")
    }

    @Test("An introduction of nobody, or of more than 50, is refused")
    func introductions() {
        expect(.introduce, "\(root) 00000000", isBad: "peer count")
        expect(.introduce, "\(root) 33000000", isBad: "peer count")
    }

    @Test("An offer whose piece size is not that of its length is refused")
    func pieceSize() {
        for log2 in ["00", "13", "15", "ff"] {
            expect(.have, "09000000 \(root) \(log2) 00f1536500000000 0100 61", isBad: "piece size")
        }
    }

    @Test("An offer of a file without bytes under another root than the one of none is refused")
    func emptyFile() throws {
        let (start, end) = ("0000000000000000 14 00f1536500000000 0100 61", "00")
        expect(.have, "09000000 \(Vectors.digestHex) \(start) \(end)", isBad: "root")
        _ = try decode(frame(.have, bytes("09000000 \(Vectors.zeroHex) \(start) \(end)")))
    }

    @Test("A port of 0 is refused")
    func port() { expect(.newPeer, "0000 0100 61", isBad: "port") }

    @Test("Unknown codes, reasons and kinds are refused")
    func codes() {
        expect(.refused, "06 0000", isBad: "code")
        expect(.notHave, "09000000 03", isBad: "reason")
        expect(.req, "09000000 04 0100 61", isBad: "kind of query")
    }

    @Test("A snapshot page that does not fit its total is refused")
    func pages() {
        let epoch = "0700000000000000"
        expect(.rosterSnapshot, "\(epoch) 01000100 00000000 00000000", isBad: "total")
        expect(.rosterSnapshot, "\(epoch) 02000000 03000000 00000000", isBad: "first entry")
        expect(.rosterSnapshot, "\(epoch) 02000000 01000000 02000000", isBad: "entry count")
        expect(.rosterSnapshot, "\(epoch) 00000100 00000000 01080000", isBad: "entry count")
    }

    @Test("A delta of more entries than a frame holds is refused before one is read")
    func deltas() {
        let epoch = "0700000000000000"
        expect(.rosterDelta, "\(epoch) 01080000 00000000", isBad: "joined count")
        expect(.rosterDelta, "\(epoch) 00080000 01000000", isBad: "left count")
        expect(.rosterDelta, "\(epoch) 00000000 ffffffff", isBad: "left count")
    }
}
