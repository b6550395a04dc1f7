import Content

/// Appends fields to a frame; the mirror of `ByteReader`.
struct ByteWriter {
    var bytes: [UInt8]

    mutating func integer(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func digest(_ digest: Digest) {
        digest.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    mutating func peerID(_ id: PeerID) {
        integer(id.high.byteSwapped)
        integer(id.low.byteSwapped)
    }

    mutating func root(_ root: FileRoot) {
        digest(root.digest)
        integer(root.length)
    }

    /// The sixteen address bytes in network order, then the port.
    mutating func address(_ address: PeerAddress) {
        integer(address.high.byteSwapped)
        integer(address.low.byteSwapped)
        integer(address.port)
    }

    /// Cut at a character's border if it is longer than `max` bytes.
    mutating func text(_ text: String, max: Int) {
        var kept = Substring(text)
        while kept.utf8.count > max { kept.removeLast() }
        integer(UInt16(kept.utf8.count))
        bytes.append(contentsOf: kept.utf8)
    }

    mutating func name(_ name: ShareName) {
        integer(UInt16(name.path.utf8.count))
        bytes.append(contentsOf: name.path.utf8)
    }
}
