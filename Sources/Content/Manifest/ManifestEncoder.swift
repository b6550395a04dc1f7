/// Writes entries in the one order and form that a manifest has. Whether they make one is for the decoder to say.
enum ManifestEncoder {
    static func encode(_ mode: FileMode, _ entries: [Manifest.Entry]) -> [UInt8] {
        var bytes = Manifest.magic
        append(Manifest.version, to: &bytes)
        append(mode.bits, to: &bytes)
        append(UInt32(clamping: entries.count), to: &bytes)
        for entry in entries.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            append(entry, to: &bytes)
        }
        return bytes
    }

    private static func append(_ entry: Manifest.Entry, to bytes: inout [UInt8]) {
        switch entry.kind {
        case .directory(let mode):
            bytes.append(0)
            append(mode.bits, to: &bytes)
            append(entry.path, to: &bytes)
        case .file(let root, let mode):
            bytes.append(1)
            append(mode.bits, to: &bytes)
            append(entry.path, to: &bytes)
            append(root.length, to: &bytes)
            root.digest.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
    }

    /// A path too long for its count is too long for a name in any case: what is left of it is refused.
    private static func append(_ path: String, to bytes: inout [UInt8]) {
        let part = path.utf8.prefix(Int(UInt16.max))
        append(UInt16(part.count), to: &bytes)
        bytes.append(contentsOf: part)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
