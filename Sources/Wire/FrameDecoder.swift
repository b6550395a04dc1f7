import Content

/// Cuts a stream of bytes into messages. It does no I/O and keeps at most one frame and what was read behind it.
///
/// Invariant: what it has been given is, in order, the messages it has returned, then what it still holds.
public struct FrameDecoder: Sendable {
    private var bytes: [UInt8] = []
    // trap: head, start, count, dropped, skipping: places in the bytes at hand, and not more than there are
    // trap: length: of a frame, below what its type allows
    private var head = 0
    /// Bytes of an optional frame still to pass over.
    private var skipping = 0
    private static let keptCapacityMax = 4096

    public init() {}

    /// Bytes held.
    public var buffered: Int { bytes.count - head }

    public mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    /// - Returns: the next whole message, or nil when more bytes are needed. After a `piece`, take its raw bytes with
    ///   `takeRaw` before asking again.
    public mutating func next() throws(WireError) -> Message? {
        while true {
            dropSkipped()
            guard skipping == 0, let (length, type) = try header() else { return compact() }
            guard let known = MessageType(rawValue: type) else {
                head += WireLimits.headerSize
                skipping = length
                continue
            }
            guard buffered >= WireLimits.headerSize + length else { return compact() }
            let start = head + WireLimits.headerSize
            head = start + length
            return try decode(known, start..<head)
        }
    }

    /// Moves bytes that follow a `piece` frame out of the decoder.
    /// - Returns: how many were moved: as many as there are, or as fit.
    public mutating func takeRaw(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffered, target.count)
        bytes.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[head..<head + count])) }
        head += count
        _ = compact()
        return count
    }

    /// Passes over bytes that follow a `piece` frame.
    /// - Returns: how many: as many as there are, or as asked for.
    public mutating func dropRaw(_ count: Int) -> Int {
        let dropped = min(buffered, count)
        head += dropped
        _ = compact()
        return dropped
    }

    /// Reads a header without consuming it, and refuses its length before anything is kept for it.
    private func header() throws(WireError) -> (bodyLength: Int, type: UInt8)? {
        guard buffered >= WireLimits.headerSize else { return nil }
        let (length, type) = bytes.withUnsafeBytes {
            (UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: head, as: UInt32.self)), $0[head + 4])
        }
        guard length > 0 else { throw .emptyFrame }
        let limit: Int
        if let known = MessageType(rawValue: type) {
            limit = known.bodyMax
        } else {
            guard type >= MessageType.firstOptional else { throw .unknownType(type) }
            limit = MessageType.optionalBodyMax
        }
        let bodyLength = Int(length) - 1  // trap: at least 1, and no more than a u32
        guard bodyLength <= limit else { throw .frameTooLong(type: type, bytes: length, limit: limit) }
        return (bodyLength, type)
    }

    private func decode(_ type: MessageType, _ range: Range<Int>) throws(WireError) -> Message {
        let result: Result<Message, WireError> = bytes.withUnsafeBytes { all in
            do throws(WireError) {
                return .success(try Message(type, UnsafeRawBufferPointer(rebasing: all[range])))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private mutating func dropSkipped() {
        let count = min(skipping, buffered)
        skipping -= count
        head += count
    }

    /// Lets go of what has been consumed, so that an idle connection holds next to nothing.
    private mutating func compact() -> Message? {
        if head == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= FrameDecoder.keptCapacityMax)
        } else if head > 0 {
            bytes.removeFirst(head)
        }
        head = 0
        return nil
    }
}
