import Content
import DequeModule
import PeerCore
import Storage

/// Names one request to verify files while the daemon runs.
struct VerificationID: Hashable, Sendable {
    let rawValue: UInt64
}

/// What verifying a file has come to.
enum FileVerdict {
    case ok
    /// Its bytes are not what was indexed. It is not offered any more; these of its pieces are still right.
    case rotten(IndexedFile, good: PieceSet)
    /// It was written to, and is being indexed as it is now.
    case changed
    case missing
    case unreadable(String)
    /// It was written to, or is new: there is nothing to compare it with yet.
    case indexing(String)
    /// There is nothing to compare it with.
    case notIndexed(String)
}

/// The requests to verify files: each goes through its names one after the other, and all together hash two files at a
/// time, when nothing more urgent is to be done.
final class Verifications {
    /// Files being verified at one time: one to read, and one to hash meanwhile.
    private static let filesAtOnce = 2
    /// Of all requests together; then hashing waits.
    private static let heldMax = 64

    /// One request.
    struct Run {
        /// Names to verify.
        var names: Deque<ShareName>
        /// Then what is offered below each of these directories, nil for the share itself, after the last name.
        var directories: Deque<ShareName?>
        var last: ShareName?
        var underWay = 0
        /// Files that were hashed, and of which there is still something to be told.
        var held = 0
        let each: (ShareName, FileVerdict) -> Void
        let done: () -> Void
    }

    private var runs: [VerificationID: Run] = [:]
    /// In turn.
    private var order: Deque<VerificationID> = []
    private var lastID: UInt64 = 0
    private var underWay = 0

    func add(_ run: Run) -> VerificationID {
        lastID += 1
        let id = VerificationID(rawValue: lastID)
        runs[id] = run
        order.append(id)
        return id
    }

    subscript(id: VerificationID) -> Run? { runs[id] }

    /// What is being hashed is finished, and told to nobody.
    func cancel(_ id: VerificationID) { runs[id] = nil }

    /// - Returns: the next file to verify, of the request whose turn it is; nil while enough are.
    func next(_ catalog: Catalog) -> (VerificationID, ShareName)? {
        guard underWay < Self.filesAtOnce, heldCount < Self.heldMax else { return nil }
        for _ in 0..<order.count {
            guard let id = order.popFirst(), let name = runs[id]?.nextName(catalog) else { continue }
            order.append(id)
            runs[id]?.underWay += 1
            underWay += 1
            return (id, name)
        }
        return nil
    }

    /// A file has been dealt with.
    func finished(_ id: VerificationID, _ name: ShareName, _ verdict: FileVerdict) {
        underWay -= 1
        runs[id]?.underWay -= 1
        runs[id]?.each(name, verdict)
    }

    /// A request does not end before as many files are released.
    func hold(_ id: VerificationID) { runs[id]?.held += 1 }

    func release(_ id: VerificationID) { runs[id]?.held -= 1 }

    private var heldCount: Int { runs.values.reduce(0) { $0 + $1.held } }

    /// - Returns: the requests that have come to their end.
    func takeEnded() -> [Run] {
        let ended = runs.filter { $0.value.underWay + $0.value.held == 0 && !order.contains($0.key) }
        for id in ended.keys { runs[id] = nil }
        return Array(ended.values)
    }
}

extension Verifications.Run {
    fileprivate mutating func nextName(_ catalog: Catalog) -> ShareName? {
        if let name = names.popFirst() { return name }
        while let directory = directories.first {
            last = catalog.next(below: directory, after: last)
            if let last { return last }
            directories.removeFirst()
        }
        return nil
    }
}

extension Catalog {
    /// - Parameter directory: nil for the share itself.
    fileprivate func next(below directory: ShareName?, after last: ShareName?) -> ShareName? {
        guard let directory else { return page(after: last, limit: 1).files.first?.name }
        return files(below: directory, after: last, limit: 1).first?.name
    }
}
