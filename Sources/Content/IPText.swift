/// The textual forms of IP addresses: dotted quads and RFC 5952 for IPv6.
enum IPText {
    // trap: position, start, count: places in the text at hand

    static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var word: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some programs and nothing to others: inet_pton(3) refuses it too.
            guard part == "0" || part.utf8.first != UInt8(ascii: "0"), let byte = UInt8(digits: part, radix: 10) else {
                return nil
            }
            word = word << 8 | UInt32(byte)  // trap: a byte
        }
        return word
    }

    static func format(ipv4 word: UInt32) -> String {
        stride(from: 24, through: 0, by: -8).map { String(word >> $0 & 0xFF) }.joined(separator: ".")
    }

    /// - Returns: eight groups.
    static func parseIPv6(_ text: Substring) -> [UInt16]? {
        guard let gap = text.range(of: "::") else {
            guard let groups = parseGroups(text, atEnd: true), groups.count == 8 else { return nil }
            return groups
        }
        guard let head = parseGroups(text[..<gap.lowerBound], atEnd: false),
            let tail = parseGroups(text[gap.upperBound...], atEnd: true), head.count + tail.count < 8
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail  // trap: fewer than eight
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened.
    static func format(ipv6 groups: [UInt16]) -> String {
        var longest = 0..<0
        var start = 0
        for position in 0...groups.count where position == groups.count || groups[position] != 0 {
            if position - start > max(longest.count, 1) { longest = start..<position }
            start = position + 1
        }
        let text = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return text(0..<groups.count) }
        return text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<groups.count)
    }

    /// - Parameter atEnd: whether the address ends here, where alone a dotted quad may stand (RFC 4291, 2.2).
    private static func parseGroups(_ text: Substring, atEnd: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (position, part) in parts.enumerated() {
            if atEnd, position == parts.count - 1, part.contains("."), let ipv4 = parseIPv4(part) {
                groups += [UInt16(truncatingIfNeeded: ipv4 >> 16), UInt16(truncatingIfNeeded: ipv4)]
            } else {
                guard part.utf8.count <= 4, let group = UInt16(digits: part, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}

extension FixedWidthInteger {
    /// Digits alone: the standard library's initializer also takes a sign.
    init?(digits text: some StringProtocol, radix: Int) {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        self.init(text, radix: radix)
    }
}

extension Substring {
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
