import Content
import PeerCore

/// A peer's disk: its share, its partial files and its database. It outlives the process.
struct Disk {
    struct File {
        let root: FileRoot
        /// Pieces whose bytes are not what the root says.
        var bad: PieceSet
        /// It would survive a power failure.
        var isDurable: Bool
    }

    struct Partial {
        let name: ShareName
        let root: FileRoot
        let isSynced: Bool
        /// Pieces with their right bytes.
        var right: PieceSet
        /// Those that would survive a power failure.
        var durable: PieceSet
        /// It may have been written to: its pieces are hashed before they are believed.
        var isDoubtful = false
    }

    /// What the database knows of a download.
    struct Row {
        var entry: DownloadEntry
        /// nil: no partial file was made.
        var layer: [Digest]?
        var pieces: PieceSet?
    }

    var share: [ShareName: File] = [:]
    var partials: [DownloadID: Partial] = [:]
    var rows: [DownloadID: Row] = [:]
    var bans: [PeerID: Ban] = [:]
    var isFull = false

    /// The process ends; what it wrote is in the kernel's hands.
    mutating func killed(doubt: Double, _ draws: inout Draws) {
        // It may have died between a write and the seal.
        for id in partials.keys.sorted(by: { $0.rawValue < $1.rawValue }) where draws.chance(doubt) {
            partials[id]?.isDoubtful = true
        }
    }

    /// What was not synced is lost, or some of it.
    mutating func lostPower(_ draws: inout Draws) {
        for (id, partial) in partials.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var partial = partial
            for piece in partial.right.runs.joined() where !partial.durable.contains(piece) && draws.chance(0.5) {
                partial.right.remove(piece)
                partial.isDoubtful = true
            }
            partial.durable.formUnion(partial.right)
            partials[id] = partial
        }
        for (name, file) in share where !file.isDurable { share[name] = nil }
    }
}

/// How a disk refuses.
extension DiskFailure {
    static let io = DiskFailure(message: "input/output error", code: 5, isOutOfSpace: false)

    static func full(_ missing: UInt64?) -> DiskFailure {
        DiskFailure(
            message: "no space left on device", code: 28, isOutOfSpace: true, missingBytes: missing,
            neededBytes: missing)
    }
}
