import Content

/// The one way to look at a body from outside: every read is checked against what is left.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    // trap: position, count: places in the body at hand, checked before they are added
    private var position = 0
    private let type: MessageType

    init(_ bytes: UnsafeRawBufferPointer, of type: MessageType) {
        self.bytes = bytes
        self.type = type
    }

    var remaining: Int { bytes.count - position }

    mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(WireError) -> T {
        let slice = try take(MemoryLayout<T>.size)
        return T(littleEndian: slice.loadUnaligned(as: T.self))
    }

    /// A u32 in `range`.
    mutating func count(in range: ClosedRange<Int>, _ field: String) throws(WireError) -> Int {
        let value = Int(try integer(UInt32.self))
        guard range.contains(value) else { throw .badValue(type: type, field: field) }
        return value
    }

    mutating func take(_ count: Int) throws(WireError) -> UnsafeRawBufferPointer {
        guard count <= remaining else { throw .truncated(type: type) }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func digest() throws(WireError) -> Digest {
        guard let digest = Digest(try take(Digest.byteCount)) else { throw .truncated(type: type) }
        return digest
    }

    mutating func peerID() throws(WireError) -> PeerID {
        let high = try integer(UInt64.self).byteSwapped
        return PeerID(high: high, low: try integer(UInt64.self).byteSwapped)
    }

    mutating func root() throws(WireError) -> FileRoot {
        let digest = try digest()
        let length = try integer(UInt64.self)
        guard length <= PieceLayout.maxLength else { throw .badValue(type: type, field: "length") }
        return FileRoot(digest: digest, length: length)
    }

    mutating func address() throws(WireError) -> PeerAddress {
        let high = try integer(UInt64.self).byteSwapped
        let low = try integer(UInt64.self).byteSwapped
        return PeerAddress(high: high, low: low, port: try integer(UInt16.self))
    }

    /// Counted UTF-8 for people: a u16 of bytes, then the text.
    mutating func text(max: Int) throws(WireError) -> String {
        let count = Int(try integer(UInt16.self))
        guard count <= max else { throw .badText(type: type) }
        guard let text = String(validating: try take(count), as: UTF8.self),
            !text.unicodeScalars.contains(where: ShareName.isControl)
        else { throw .badText(type: type) }
        return text
    }

    mutating func name() throws(WireError) -> ShareName {
        let count = Int(try integer(UInt16.self))
        let bytes = try take(count)
        do throws(ShareNameError) { return try ShareName(bytes: bytes) } catch { throw .badName(error) }
    }

    func outOfRange(_ field: String) -> WireError { .badValue(type: type, field: field) }

    func finish() throws(WireError) {
        guard remaining == 0 else { throw .trailingBytes(type: type, count: remaining) }
    }
}
