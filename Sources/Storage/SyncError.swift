import Posix

/// What was written could not be made durable. There is nothing to try again: after a failure the kernel counts what it
/// could not write as written, so that a second sync would succeed without it. Whatever was written since the last good
/// sync is lost and has to be written anew. Source: fsync(2).
public struct SyncError: Error, Hashable, Sendable {
    public let system: SystemError

    public var isOutOfSpace: Bool { system.isOutOfSpace }
}

extension SyncError: CustomStringConvertible {
    public var description: String { "\(system); what was written since the last sync is lost" }
}
