import Content
import Testing

@testable import Wire

@Suite struct FrameDecoderTests {
    @Test("A frame split at any point is the same message", arguments: Vectors.all)
    func everySplit(_ vector: Vector) throws {
        let bytes = vector.frame
        for split in 0...bytes.count {
            #expect(try decode([bytes[..<split], bytes[split...]]) == [vector.message], "split at \(split)")
        }
    }

    @Test("All messages come out in order whichever two points their stream is split at")
    func streamSplits() throws {
        let messages = Vectors.all.map(\.message)
        let stream = Vectors.all.flatMap(\.frame)
        for first in 0...stream.count {
            let second = min(stream.count, first + 1 + first % 11)
            let parts = [stream[..<first], stream[first..<second], stream[second...]]
            #expect(try decode(parts) == messages, "split at \(first) and \(second)")
        }
    }

    @Test("All messages come out when every byte arrives alone")
    func byteByByte() throws {
        #expect(try decode(Vectors.all.flatMap(\.frame).map { [$0] }) == Vectors.all.map(\.message))
    }

    // MARK: Limits

    @Test("A frame one byte longer than its type allows is refused by its header", arguments: MessageType.allCases)
    func oneTooMany(_ type: MessageType) {
        let length = UInt32(type.bodyMax + 2)
        let error = WireError.frameTooLong(type: type.rawValue, bytes: length, limit: type.bodyMax)
        #expect(throws: error) { try decode(header(length: length, type.rawValue)) }
    }

    @Test("A length of 2^32-1 is refused by its header", arguments: MessageType.allCases)
    func greatestLength(_ type: MessageType) {
        let error = WireError.frameTooLong(type: type.rawValue, bytes: .max, limit: type.bodyMax)
        #expect(throws: error) { try decode(header(length: .max, type.rawValue)) }
    }

    @Test("A length of 0 is refused, whatever follows", arguments: [0, 1, 16, 128, 255] as [UInt8])
    func emptyFrame(_ next: UInt8) {
        #expect(throws: WireError.emptyFrame) { try decode(header(length: 0, next)) }
    }

    @Test("Four bytes of a length alone are not yet judged")
    func partialHeader() throws {
        #expect(try decode([0xFF, 0xFF, 0xFF, 0xFF]).isEmpty)
    }

    // MARK: Unknown types

    @Test("Every unknown type below 128 is refused by its header")
    func unknownMandatory() {
        for type in UInt8(0)..<MessageType.firstOptional where MessageType(rawValue: type) == nil {
            #expect(throws: WireError.unknownType(type)) { try decode(header(length: 1, type)) }
        }
    }

    @Test("An unknown type from 128 up is passed over, whatever point it is split at", arguments: [0, 1, 7, 300])
    func unknownOptional(_ length: Int) throws {
        let ping = Message.ping(epoch: 1, size: 2)
        let stream = ping.encoded + frame(128, Array(repeating: 0xEE, count: length)) + ping.encoded
        for split in 0...stream.count {
            #expect(try decode([stream[..<split], stream[split...]]) == [ping, ping], "split at \(split)")
        }
        #expect(try decode(stream.map { [$0] }) == [ping, ping])
    }

    @Test("Several optional frames in a row are passed over")
    func severalOptional() throws {
        let stream = (128...255).flatMap { frame(UInt8($0), [1, 2, 3]) } + Message.leftPeer.encoded
        #expect(try decode(stream) == [.leftPeer])
    }

    @Test("A passed-over frame is not kept while it arrives")
    func optionalIsNotHeld() throws {
        var decoder = FrameDecoder()
        decoder.append(header(length: 4097, 200))
        for _ in 0..<4096 {
            decoder.append([0xEE])
            #expect(try decoder.next() == nil)
            #expect(decoder.buffered == 0)
        }
        decoder.append(Message.leftPeer.encoded)
        #expect(try decoder.next() == .leftPeer)
    }

    @Test("An optional frame longer than 4,096 bytes is refused")
    func longOptional() {
        let error = WireError.frameTooLong(type: 200, bytes: 4098, limit: 4096)
        #expect(throws: error) { try decode(header(length: 4098, 200)) }
    }

    // MARK: Raw bytes

    @Test("The raw bytes behind a piece come out by takeRaw, split anywhere, and the next frame after them")
    func rawBytes() throws {
        let raw: [UInt8] = [1, 2, 3, 4, 5]
        let stream = Message.piece(index: 3, length: 5).encoded + raw + Message.endOfChunk(first: 3, .complete).encoded
        for split in 0...stream.count {
            var decoder = FrameDecoder()
            var seen: [Message] = []
            var taken: [UInt8] = []
            for part in [stream[..<split], stream[split...]] {
                decoder.append(part)
                try take(&decoder, &seen, &taken, of: raw.count)
            }
            #expect(seen == [.piece(index: 3, length: 5), .endOfChunk(first: 3, .complete)], "split at \(split)")
            #expect(taken == raw, "split at \(split)")
        }
    }

    private func take(
        _ decoder: inout FrameDecoder, _ seen: inout [Message], _ taken: inout [UInt8], of count: Int
    ) throws {
        while true {
            if case .piece = seen.last, taken.count < count {
                var space = [UInt8](repeating: 0, count: count - taken.count)
                let moved = space.withUnsafeMutableBytes { decoder.takeRaw(into: $0) }
                taken += space[..<moved]
                if taken.count < count { return }
            }
            guard let message = try decoder.next() else { return }
            seen.append(message)
        }
    }

    @Test("The raw bytes behind a piece can be passed over, split anywhere, and the next frame is not touched")
    func dropsRaw() throws {
        let stream = [1, 2, 3, 4, 5] + Message.leftPeer.encoded
        for split in 0...stream.count {
            var decoder = FrameDecoder()
            decoder.append(stream[..<split])
            var left = 5
            left -= decoder.dropRaw(left)
            decoder.append(stream[split...])
            left -= decoder.dropRaw(left)
            #expect(left == 0)
            #expect(try decoder.next() == .leftPeer, "split at \(split)")
        }
    }

    @Test("What has been taken is not held, and an idle decoder holds nothing")
    func holdsNothing() throws {
        var decoder = FrameDecoder()
        decoder.append(Vectors.all.flatMap(\.frame))
        while try decoder.next() != nil {}
        #expect(decoder.buffered == 0)
        var none: [UInt8] = [9]
        #expect(none.withUnsafeMutableBytes { decoder.takeRaw(into: $0) } == 0)
    }
}
