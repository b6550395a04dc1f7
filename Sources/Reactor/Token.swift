/// Names one registration for its whole life: the slot is used again after a close, the generation is not, so an event
/// that the kernel reported for the old owner never reaches the new one.
public struct Token: Hashable, Sendable {
    public let slot: UInt32
    public let generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    public init(rawValue: UInt64) {
        self.init(slot: UInt32(truncatingIfNeeded: rawValue), generation: UInt32(truncatingIfNeeded: rawValue >> 32))
    }

    /// What the kernel carries for it.
    public var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

extension Token: CustomStringConvertible {
    public var description: String { "\(slot).\(generation)" }
}
