import Content
import DequeModule
import PeerCore
import Posix
import Storage

/// Goes through the share and has every file hashed, a few at a time. It decides what comes next; workers do it.
struct ShareIndexer {
    /// Files hashed at one time: enough for every worker to have one.
    private static let filesAtOnce = 4
    /// A file that keeps changing is left alone after so many attempts.
    private static let attemptsMax = 3

    /// What to do next.
    enum Step {
        case submit(PeerJob)
        /// Everything there was has been indexed.
        case ready
    }

    private(set) var identities: [ShareName: KnownFile] = [:]
    private var directories: Deque<ShareName?> = [nil]
    private var files: Deque<ShareName> = []
    private var attempts: [ShareName: Int] = [:]
    /// Of each file that is being hashed: its bytes, and how many of them are.
    private var underWay: [ShareName: (size: UInt64, hashed: UInt64)] = [:]
    private var listing = 0
    private var hashing = 0
    private(set) var isReady = false

    private(set) var filesDone = 0
    private(set) var filesTotal = 0
    private(set) var bytesDone: UInt64 = 0
    private(set) var bytesTotal: UInt64 = 0
    private(set) var errors = 0

    var isScanning: Bool { listing > 0 || !directories.isEmpty }

    /// - Returns: jobs to begin with; called after every change.
    mutating func next() -> [Step] {
        var steps: [Step] = []
        while listing < 1, let directory = directories.popFirst() {
            listing += 1
            steps.append(.submit(.list(directory)))
        }
        while hashing < Self.filesAtOnce, let file = files.popFirst() {
            hashing += 1
            steps.append(.submit(.beginIndexing(file)))
        }
        if listing == 0, hashing == 0, !isReady {
            isReady = true
            steps.append(.ready)
        }
        return steps
    }

    mutating func listed(_ found: Share.Listing) {
        listing -= 1
        directories += found.directories.map { $0 }
        files += found.files
        filesTotal += found.files.count
        errors += found.refused.count
    }

    mutating func listFailed() {
        listing -= 1
        errors += 1
    }

    /// A file's content is not what is known of it: it is hashed again.
    mutating func again(_ name: ShareName) {
        identities[name] = nil
        filesTotal += 1
        isReady = false
        files.append(name)
    }

    mutating func begun(_ step: IndexStep) {
        underWay[step.name] = (size: step.identity.size, hashed: 0)
        bytesTotal += step.identity.size
    }

    mutating func hashed(_ bytes: UInt64, of name: ShareName) {
        underWay[name]?.hashed += bytes
        bytesDone += bytes
    }

    mutating func finished(_ file: IndexedFile) {
        hashing -= 1
        filesDone += 1
        if let (size, hashed) = underWay.removeValue(forKey: file.name) { bytesDone += size - hashed }
        attempts[file.name] = nil
        record(file)
    }

    /// What has been hashed of a file counts no more.
    private mutating func startOver(_ name: ShareName) {
        guard let (size, hashed) = underWay.removeValue(forKey: name) else { return }
        bytesTotal -= size
        bytesDone -= hashed
    }

    /// Notes a file whose content is known, by whatever means.
    mutating func record(_ file: IndexedFile) {
        identities[file.name] = KnownFile(identity: file.identity, root: file.root)
    }

    /// The file was written to while it was hashed.
    /// - Returns: whether it is tried again.
    mutating func changed(_ name: ShareName) -> Bool {
        hashing -= 1
        startOver(name)
        attempts[name, default: 0] += 1
        guard attempts[name, default: 0] < Self.attemptsMax else {
            attempts[name] = nil
            errors += 1
            return false
        }
        files.append(name)
        return true
    }

    mutating func failed(_ name: ShareName, isMissing: Bool) {
        hashing -= 1
        startOver(name)
        attempts[name] = nil
        // A file that was removed meanwhile is no error.
        if isMissing { filesTotal -= 1 } else { errors += 1 }
    }
}
