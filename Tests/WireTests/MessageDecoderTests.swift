import Content
import Testing

@testable import Wire

@Suite struct MessageDecoderTests {
    @Test("Every vector is decoded to its message", arguments: Vectors.all)
    func vectors(_ vector: Vector) throws {
        #expect(try decode(vector.frame) == [vector.message])
    }

    @Test("A body that ends early at any byte is refused", arguments: Vectors.all)
    func truncated(_ vector: Vector) {
        let body = vector.frame.dropFirst(WireLimits.headerSize)
        for count in 0..<body.count {
            let short = frame(vector.message.type, Array(body.prefix(count)))
            #expect(throws: WireError.truncated(type: vector.message.type), "\(count) bytes") { try decode(short) }
        }
    }

    @Test("A byte behind the body is refused", arguments: Vectors.all)
    func trailing(_ vector: Vector) {
        let type = vector.message.type
        let body = vector.frame.dropFirst(WireLimits.headerSize) + [0]
        // Where the limit leaves no room for it, the header alone gives it away.
        let expected =
            body.count > type.bodyMax
            ? WireError.frameTooLong(type: type.rawValue, bytes: UInt32(body.count + 1), limit: type.bodyMax)
            : WireError.trailingBytes(type: type, count: 1)
        #expect(throws: expected) { try decode(frame(type, Array(body))) }
    }

    // MARK: hello

    @Test("A hello with another magic is refused")
    func wrongMagic() {
        let body = bytes("50325045 0100 00000000 \(Vectors.alphaHex) 01")
        #expect(throws: WireError.wrongMagic) { try decode(frame(.hello, body)) }
    }

    @Test("A hello of another version is refused, and the error names it")
    func wrongVersion() {
        let body = bytes("50325044 0201 00000000 \(Vectors.alphaHex) 01")
        #expect(throws: WireError.wrongVersion(0x0102)) { try decode(frame(.hello, body)) }
    }

    @Test("A hello of an unknown role is refused")
    func wrongRole() {
        let body = bytes("50325044 0100 00000000 \(Vectors.alphaHex) 02")
        #expect(throws: WireError.badValue(type: .hello, field: "role")) { try decode(frame(.hello, body)) }
    }

    // MARK: Names and texts

    @Test(
        "A req whose name could lead out of the share, or break a line, is refused",
        arguments: [
            ("../x", ShareNameError.dotComponent), ("a/../b", .dotComponent), ("./a", .dotComponent),
            ("/etc/passwd", .absolute), ("a//b", .emptyComponent), ("a/", .emptyComponent), ("", .empty),
            ("a\0b", .controlCharacter), ("a\nb", .controlCharacter), (".p2pd/lock", .reserved),
        ])
    func badNames(_ name: String, _ reason: ShareNameError) {
        #expect(throws: WireError.badName(reason)) { try decode(request(naming: Array(name.utf8))) }
    }

    @Test("A req whose name is not UTF-8 is refused")
    func notUTF8() {
        #expect(throws: WireError.badName(.notUTF8)) { try decode(request(naming: [0xFF, 0xFE])) }
        #expect(throws: WireError.badName(.notUTF8)) { try decode(request(naming: [0xC0, 0xAF])) }
    }

    @Test("A req with a name of 2 KB is refused by its header alone")
    func longName() {
        let whole = request(naming: Array(repeating: UInt8(ascii: "a"), count: 2048))
        let limit = MessageType.req.bodyMax
        #expect(throws: WireError.frameTooLong(type: 48, bytes: 2056, limit: limit)) {
            try decode(Array(whole.prefix(WireLimits.headerSize)))
        }
    }

    @Test("A name that says it is longer than its frame is refused")
    func overlongCount() {
        let body = bytes("09000000 00 ffff 61")
        #expect(throws: WireError.truncated(type: .req)) { try decode(frame(.req, body)) }
    }

    @Test(
        "A label that is too long, not UTF-8 or has control characters is refused",
        arguments: [
            Array(repeating: UInt8(ascii: "l"), count: 65), [0xC3], [0x1B, 0x5B, 0x32, 0x4A], [0x0A], [0x00], [0x7F],
            // C1 control sequence introducer, line separator.
            [0xC2, 0x9B], [0xE2, 0x80, 0xA8],
        ])
    func badLabels(_ label: [UInt8]) {
        let body = bytes("591b") + [UInt8(label.count), 0] + label
        guard body.count <= MessageType.newPeer.bodyMax else {
            #expect(throws: WireError.self) { try decode(frame(.newPeer, body)) }
            return
        }
        #expect(throws: WireError.badText(type: .newPeer)) { try decode(frame(.newPeer, body)) }
    }

    @Test("A label too long for its field is refused though its frame would hold it")
    func longLabelInDelta() {
        let entry =
            bytes("\(Vectors.alphaHex) \(Vectors.fourthHex) 4100") + Array(repeating: UInt8(ascii: "l"), count: 65)
        let body = bytes("0800000000000000 01000000 00000000") + entry
        #expect(throws: WireError.badText(type: .rosterDelta)) { try decode(frame(.rosterDelta, body)) }
    }

    private func request(naming name: [UInt8]) -> [UInt8] {
        let count = withUnsafeBytes(of: UInt16(name.count).littleEndian) { Array($0) }
        return frame(.req, bytes("09000000 00") + count + name)
    }
}
