import Content
import Wire

/// What one peer makes of the manager's bytes: of the roster no more than a sketch, and no message as a value. Ten thousand
/// peers have a hundred million entries to read, on a machine that the manager needs too.
///
/// The layouts are those of ARCHITECTURE.md: a frame is `u32 length, u8 type, body`; an entry is an id of 16 bytes, an
/// address of 18 and a counted label.
struct RosterReader {
    private enum State {
        case frame
        case entries(joined: Int, left: Int)
        case passing(Int)
    }

    private static let addressSize = 18
    /// What may stay unread at the end of what has come: less than the longest thing that is read at once.
    static let restMax = RosterEntry.sizeMax

    private(set) var sketch = RosterSketch()
    /// Not answered yet.
    var pings = 0
    private var state = State.frame

    /// Reads all that is whole.
    /// - Returns: how many bytes that was; the rest, at most `restMax`, is to be given again with what follows it.
    mutating func read(_ bytes: UnsafeRawBufferPointer) throws(RosterError) -> Int {
        var position = 0
        while let count = try readNext(UnsafeRawBufferPointer(rebasing: bytes[position...])) { position += count }
        return position
    }

    /// - Returns: nil when more bytes are needed.
    private mutating func readNext(_ bytes: UnsafeRawBufferPointer) throws(RosterError) -> Int? {
        switch state {
        case .frame: return try readFrame(bytes)
        case .entries(joined: 0, left: 0):
            state = .frame
            return 0
        case .entries(joined: 0, let left):
            guard bytes.count >= PeerID.byteCount else { return nil }
            sketch.remove(high: bytes.word(at: 0), low: bytes.word(at: 8))
            state = .entries(joined: 0, left: left - 1)
            return PeerID.byteCount
        case .entries(let joined, let left):
            let labelAt = PeerID.byteCount + Self.addressSize
            guard bytes.count >= labelAt + 2 else { return nil }
            let size = labelAt + 2 + Int(bytes.integer(at: labelAt, UInt16.self))
            guard size <= RosterEntry.sizeMax else { throw .nonsense }
            guard bytes.count >= size else { return nil }
            sketch.add(high: bytes.word(at: 0), low: bytes.word(at: 8))
            state = .entries(joined: joined - 1, left: left)
            return size
        case .passing(let count):
            let passed = min(count, bytes.count)
            state = passed == count ? .frame : .passing(count - passed)
            return passed > 0 || count == 0 ? passed : nil
        }
    }

    /// Reads a frame's header, and as much of its body as says how many entries follow.
    private mutating func readFrame(_ bytes: UnsafeRawBufferPointer) throws(RosterError) -> Int? {
        guard bytes.count >= WireLimits.headerSize else { return nil }
        let bodySize = Int(bytes.integer(at: 0, UInt32.self)) - 1
        guard bodySize >= 0 else { throw .nonsense }
        let body = UnsafeRawBufferPointer(rebasing: bytes[WireLimits.headerSize...])
        switch MessageType(rawValue: bytes[4]) {
        case .rosterSnapshot:
            guard body.count >= 20 else { return nil }
            if body.integer(at: 12, UInt32.self) == 0 { sketch = RosterSketch() }
            state = .entries(joined: Int(body.integer(at: 16, UInt32.self)), left: 0)
            return WireLimits.headerSize + 20
        case .rosterDelta:
            guard body.count >= 16 else { return nil }
            state = .entries(
                joined: Int(body.integer(at: 8, UInt32.self)), left: Int(body.integer(at: 12, UInt32.self)))
            return WireLimits.headerSize + 16
        case .refused: throw .refused
        case .ping:
            pings += 1
            state = .passing(bodySize)
        default: state = .passing(bodySize)
        }
        return WireLimits.headerSize
    }
}

/// Why a member cannot go on.
enum RosterError: Error, CustomStringConvertible {
    case refused
    case nonsense

    var description: String {
        switch self {
        case .refused: "the manager refused a peer"
        case .nonsense: "the manager sent what is no roster"
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func integer<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _: T.Type) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Half an id.
    fileprivate func word(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
