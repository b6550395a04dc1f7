import Content

/// What is written as text and read back: names, addresses, networks, rates.
enum TextTarget {
    static func run(_ input: [UInt8]) throws {
        try name(input)
        let text = String(decoding: input, as: UTF8.self)
        if let address = PeerAddress(text) {
            try require(PeerAddress(address.description) == address, "\(address) does not come back")
        }
        if let network = Network(text) {
            try require(Network(network.description) == network, "\(network) does not come back")
            _ = network.contains(PeerAddress(ipv4: 1, port: 1))
        }
        if let rate = try? ByteRate.parse(text) {
            try require(rate.bytesPerSecond <= ByteRate.max, "\(rate) is too much")
            try require((try? ByteRate.parse(ByteRate.text(rate))) != nil, "\(ByteRate.text(rate)) is not read")
        }
        if let digest = Digest(hex: text) { try require(Digest(hex: digest.hex) == digest, "\(digest) is another") }
        let shown = TerminalText.escape(text)
        try require(!shown.unicodeScalars.contains(where: ShareName.isControl), "\(Array(shown.utf8)) has a control")
        try require(TerminalText.escape(shown) == shown, "\(shown) is escaped twice")
    }

    private static func name(_ input: [UInt8]) throws {
        guard let name = try? ShareName(bytes: input) else { return }
        try require(Array(name.path.utf8) == input, "\(name) has other bytes")
        let refused = ["", ".", "..", ShareName.reserved]
        let first = name.components.first ?? ""
        try require(!refused.contains(first), "\(name) begins with \(first)")
        for part in name.components.dropFirst() {
            try require(!refused.dropLast().contains(part), "\(name) has the part \(part)")
        }
        try require(name.components.joined(separator: "/") == name.path, "\(name) has other parts")
        if let parent = name.parent {
            try require((try? ShareName(parent.path)) == parent, "\(parent) is no name")
            try require(name.isBelow(parent), "\(name) is not in \(parent)")
        }
    }
}
