/// Who may read, write and execute a file, or list, change and enter a directory: the nine permission bits. What gives a
/// file its owner's rights (setuid, setgid), and the sticky bit, are never among them.
public struct FileMode: Hashable, Sendable {
    public static let bitsMax: UInt16 = 0o777

    public let bits: UInt16

    /// - Returns: nil for what has other bits, too.
    public init?(bits: UInt16) {
        guard bits <= FileMode.bitsMax else { return nil }
        self.bits = bits
    }

    /// - Parameter mode: as stat(2) has it; its other bits are left out.
    public init(of mode: UInt32) {
        bits = UInt16(truncatingIfNeeded: mode) & FileMode.bitsMax
    }

    private init(adding bits: UInt16, to mode: FileMode) { self.bits = mode.bits | bits }

    /// As a file of the share has it: a daemon that may not read it cannot offer it.
    public var forFile: FileMode { FileMode(adding: 0o400, to: self) }
    /// As a directory of the share has it: a daemon puts files into it.
    public var forDirectory: FileMode { FileMode(adding: 0o700, to: self) }

    /// What most directories have.
    public static let openDirectory = FileMode(of: 0o755)
}
