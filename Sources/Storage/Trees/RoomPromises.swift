import Synchronization

/// Room that directories will take for what is still to come of them, and that nobody else is given meanwhile: their small
/// files reserve none, and their larger ones only when their turn comes. Without it several that fit one after the other
/// would be begun together, and none would come to its end.
///
/// Each promise is that of one run of a directory, by its number; what the run has taken is taken off.
public final class RoomPromises: Sendable {
    private let bytes = Mutex<[UInt64: UInt64]>([:])

    public init() {}

    /// Bytes of the disk that are promised.
    /// - Parameter runs: whose own promises do not stand in their way.
    public func total(except runs: [UInt64] = []) -> UInt64 {
        bytes.withLock { $0.reduce(0) { runs.contains($1.key) ? $0 : $0 &+ $1.value } }
    }

    public func promise(_ room: UInt64, to run: UInt64) {
        bytes.withLock { $0[run] = room > 0 ? room : nil }
    }

    /// Some of what was promised is on the disk, or reserved there.
    public func take(_ room: UInt64, from run: UInt64) {
        bytes.withLock { promises in
            guard let left = promises[run] else { return }
            promises[run] = left > room ? left - room : nil
        }
    }

    /// Nothing more comes of a run.
    public func end(_ run: UInt64) {
        bytes.withLock { $0[run] = nil }
    }
}
