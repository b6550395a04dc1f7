import Content
import Posix

/// A file that was come upon, and how it stands.
public struct FoundFile: Sendable {
    public let name: ShareName
    public let identity: FileIdentity
    /// Names that the file has, here and elsewhere.
    public let linkCount: UInt64
    /// Nanoseconds from its last change until it was looked at, both by the clock of the day; negative if that was set
    /// back.
    public let age: Int64

    public init(name: ShareName, identity: FileIdentity, linkCount: UInt64 = 1, age: Int64) {
        self.name = name
        self.identity = identity
        self.linkCount = linkCount
        self.age = age
    }

    init(_ name: ShareName, _ standing: FileStanding) {
        self.init(
            name: name, identity: standing.identity, linkCount: standing.linkCount,
            age: WallClock.nanoseconds() &- standing.identity.changed)
    }
}

/// What a step of a scan has come upon.
public struct ScanReport: Sendable {
    /// Directories that are watched now; nil is the share itself.
    public var watched: [(watch: Int32, directory: ShareName?)] = []
    /// Files that stand as they did, as positions in the baseline.
    public var unchanged: [Int] = []
    /// Files with a new name whose bytes are those of one that is known, at `position` in the baseline.
    public var renamed: [(file: FoundFile, position: Int)] = []
    /// Files that are new, or stand otherwise than they did at `position` in the baseline.
    public var found: [(file: FoundFile, position: Int?)] = []
    /// Known files that are not there any more, as positions in the baseline; told with the last step.
    public var vanished: [Int] = []
    /// What cannot be shared, shown without control characters, with why.
    public var refused: [(shown: String, reason: String)] = []
    /// Why not every directory is watched, if that is so.
    public var unwatched: SystemError?

    public init() {}
}
