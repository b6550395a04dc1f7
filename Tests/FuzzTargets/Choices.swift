/// An input as a row of decisions: read from the front, and nothing but zeros once it is used up. So zero should always
/// be the plain choice.
struct Choices {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isEmpty: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        position += 1
        return bytes[position - 1]
    }

    mutating func flag() -> Bool { byte() & 1 == 1 }

    /// - Parameter count: 1 to 256.
    mutating func below(_ count: Int) -> Int { Int(byte()) % count }

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
        take(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// As many bytes as there are, at most `count`.
    mutating func take(_ count: Int) -> [UInt8] {
        let end = min(bytes.count, position + count)
        defer { position = end }
        return Array(bytes[position..<end])
    }

    mutating func rest() -> [UInt8] { take(bytes.count) }

    mutating func element<Value>(of values: [Value]) -> Value? {
        values.isEmpty ? nil : values[Int(integer(UInt16.self)) % values.count]
    }
}
