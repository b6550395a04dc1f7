/// Names as a system sees them that takes no notice of case.
enum CaseFolding {
    /// Appends `name` with each letter replaced by the small one that is, of all that differ from it in case only, always
    /// the same. Capitals first, since some small letters, such as the long s, share theirs with another.
    static func append(_ name: some Sequence<UInt8>, to folded: inout [UInt8]) {
        var isPlain = true
        let start = folded.count
        for byte in name {
            isPlain = isPlain && byte < 0x80
            folded.append(byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte)
        }
        guard !isPlain else { return }
        let text = String(decoding: folded[start...], as: UTF8.self)
        folded.removeSubrange(start...)
        for scalar in text.unicodeScalars {
            let small = scalar.properties.uppercaseMapping.unicodeScalars.map(\.properties.lowercaseMapping).joined()
            folded.append(contentsOf: small.utf8)
        }
    }
}
