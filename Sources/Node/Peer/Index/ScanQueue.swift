import Content
import DequeModule
import PeerCore
import Posix
import Storage

/// The scans of the share: one at a time, and of the whole share no oftener than it bears.
struct ScanQueue {
    enum Scan {
        /// The first, compared with what the database knows.
        case first([IndexedFile])
        /// The whole share again.
        case again(ShareBaseline)
        /// One directory.
        case part
    }

    private(set) var running: Scan?
    private var began: UInt64 = 0
    private var parts: Deque<ShareName> = []
    private var waiting: Set<ShareName> = []
    /// When the whole share is next to be looked through.
    private(set) var wholeDue: UInt64?
    private var wholeNotBefore: UInt64 = 0

    var isIdle: Bool { running == nil && parts.isEmpty }

    /// A directory waits once, and not at all behind one that it lies in: that one's scan comes upon it.
    mutating func add(_ directory: ShareName, at now: UInt64) {
        var above: ShareName? = directory
        while let name = above {
            if waiting.contains(name) { return }
            above = name.parent
        }
        waiting.insert(directory)
        parts.append(directory)
    }

    /// Asks for a scan of the whole share, as soon as may be or at a time.
    mutating func addWhole(at due: UInt64) {
        let allowed = max(due, wholeNotBefore)
        wholeDue = min(wholeDue ?? allowed, allowed)
    }

    mutating func begin(_ scan: Scan, at now: UInt64) {
        running = scan
        began = now
    }

    enum Next {
        case whole
        case part(ShareName)
    }

    /// - Returns: what to scan now, if nothing is being scanned.
    mutating func next(at now: UInt64) -> Next? {
        guard running == nil else { return nil }
        if let wholeDue, wholeDue <= now {
            // It comes upon all of them.
            (self.wholeDue, parts, waiting) = (nil, [], [])
            return .whole
        }
        guard let part = parts.popFirst() else { return nil }
        waiting.remove(part)
        return .part(part)
    }

    /// - Returns: whether it was one of the whole share.
    mutating func ended(at now: UInt64) -> Bool {
        defer { running = nil }
        if case .part = running { return false }
        let took = now - min(began, now)
        let pause = max(IndexLimits.rescanPauseMin.nanoseconds, took &* IndexLimits.rescanPauseFactor)
        wholeNotBefore = now &+ pause
        if let wholeDue { self.wholeDue = max(wholeDue, wholeNotBefore) }
        return true
    }
}
