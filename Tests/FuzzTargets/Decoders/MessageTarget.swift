import Wire

/// A body that decodes is the one encoding of its message.
enum MessageTarget {
    static func run(_ input: [UInt8]) throws {
        guard let first = input.first else { return }
        let types = MessageType.allCases
        let type = types[Int(first) % types.count]
        let body = input.dropFirst().prefix(type.bodyMax)
        let frame = withUnsafeBytes(of: UInt32(body.count + 1).littleEndian) { Array($0) } + [type.rawValue] + body
        guard let message = try? decode(frame) else { return }
        try require(message.type == type, "a \(message.type) came of a \(type)")
        try require(message.encoded == frame, "\(message) has another encoding")
    }

    /// A frame that must decode: what this program sends, the other end has to understand.
    static func check(_ sent: Message) throws {
        let frame = sent.encoded
        do {
            try require(try decode(frame) == sent, "\(sent) does not come back")
        } catch let error as WireError {
            throw Broken(description: "\(sent) is not understood: \(error)")
        }
    }

    static func decode(_ frame: [UInt8]) throws(WireError) -> Message? {
        var decoder = FrameDecoder()
        frame.withUnsafeBytes { decoder.append($0) }
        return try decoder.next()
    }
}
