import Content

/// How much of a disk is to stay free: bytes, or a part of all there are.
public enum Reserve: Equatable, Sendable {
    case bytes(UInt64)
    /// 0 to 100.
    case percent(UInt64)

    /// - Parameter total: bytes of the file system.
    func bytes(of total: UInt64) -> UInt64 {
        switch self {
        case .bytes(let count): count
        case .percent(let share): total / 100 * share
        }
    }
}
