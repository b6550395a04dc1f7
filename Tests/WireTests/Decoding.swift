import Wire

extension FrameDecoder {
    mutating func append(_ bytes: some Collection<UInt8>) {
        Array(bytes).withUnsafeBytes { append($0) }
    }
}

/// Feeds `parts` one after the other and takes every message as soon as it is whole.
func decode(_ parts: [some Collection<UInt8>]) throws(WireError) -> [Message] {
    var decoder = FrameDecoder()
    var messages: [Message] = []
    for part in parts {
        decoder.append(part)
        while let message = try decoder.next() { messages.append(message) }
    }
    return messages
}

func decode(_ bytes: [UInt8]) throws(WireError) -> [Message] { try decode([bytes]) }

/// A frame of any type, with the length that belongs to its body.
func frame(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    header(length: UInt32(body.count + 1), type) + body
}

func frame(_ type: MessageType, _ body: [UInt8]) -> [UInt8] { frame(type.rawValue, body) }

func header(length: UInt32, _ type: UInt8) -> [UInt8] {
    withUnsafeBytes(of: length.littleEndian) { Array($0) } + [type]
}
