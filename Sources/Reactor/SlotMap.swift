/// Values kept under tokens: constant-time lookup, and a token whose value is gone finds nothing, ever.
public struct SlotMap<Value> {
    private enum Slot {
        case free(next: UInt32?)
        case used(Value)
    }

    private var slots: [Slot] = []
    private var generations: [UInt32] = []
    private var firstFree: UInt32?
    public private(set) var count = 0

    public init() {}

    public mutating func insert(_ value: Value) -> Token {
        count += 1
        guard let slot = firstFree else {
            slots.append(.used(value))
            generations.append(1)
            return Token(slot: UInt32(slots.count - 1), generation: 1)
        }
        if case .free(let next) = slots[Int(slot)] { firstFree = next }
        slots[Int(slot)] = .used(value)
        return Token(slot: slot, generation: generations[Int(slot)])
    }

    /// The value that `token` was given for; writing nil removes it.
    public subscript(token: Token) -> Value? {
        get {
            guard isCurrent(token), case .used(let value) = slots[Int(token.slot)] else { return nil }
            return value
        }
        set {
            guard isCurrent(token), case .used = slots[Int(token.slot)] else { return }
            if let newValue { slots[Int(token.slot)] = .used(newValue) } else { free(token.slot) }
        }
    }

    /// Every token in use, lowest slot first.
    public var tokens: [Token] {
        slots.indices.compactMap { index in
            guard case .used = slots[index] else { return nil }
            return Token(slot: UInt32(index), generation: generations[index])
        }
    }

    private func isCurrent(_ token: Token) -> Bool {
        Int(token.slot) < slots.count && generations[Int(token.slot)] == token.generation
    }

    private mutating func free(_ slot: UInt32) {
        slots[Int(slot)] = .free(next: firstFree)
        generations[Int(slot)] &+= 1
        firstFree = slot
        count -= 1
    }
}
