import Content
import Posix

/// Hashes a file again that is known, a bounded step at a time, and compares every piece with what it was.
public struct VerifyStep: Sendable {
    /// What became of a file.
    public enum Verdict: Hashable, Sendable {
        case ok
        /// It stands as it did to the time of its last change, but its bytes are others: the disk, or whatever is
        /// between, has lost them.
        case rotten(good: PieceSet)
        /// It was written to, or another file was put in its place.
        case changed
        case missing
    }

    public enum Outcome: Sendable {
        case more(VerifyStep)
        case done(Verdict, FileIdentity?)
    }

    public let file: IndexedFile
    private let layout: PieceLayout
    private var next = 0
    private var good: PieceSet

    /// - Returns: nil for what is no file of this layout.
    public init?(_ file: IndexedFile) {
        guard let layout = PieceLayout(length: file.root.length), file.layer.count == layout.pieceCount else {
            return nil
        }
        self.file = file
        self.layout = layout
        good = PieceSet(pieceCount: layout.pieceCount)
    }

    /// - Throws: for a file that cannot be opened. A piece that cannot be read is not good, and that is all.
    public consuming func run(in share: Share, with bench: HashBench) throws(SystemError) -> Outcome {
        guard let (open, identity) = try opened(in: share) else { return .done(.missing, nil) }
        guard identity.hasSameBytes(as: file.identity) else { return .done(.changed, identity) }
        let last = min(layout.pieceCount, next + max(1, StorageLimits.indexStep >> Int(layout.pieceSizeLog2)))
        forget(next..<last, of: open)
        for index in next..<last where isGood(index, in: open, bench) { good.insert(index) }
        let after = try FileIO.identity(of: open.rawValue).identity
        guard after.hasSameBytes(as: identity) else { return .done(.changed, nil) }
        next = last
        guard next == layout.pieceCount else { return .more(self) }
        if good.isComplete { return .done(.ok, identity) }
        // Whoever writes to a file may set the time of that back, but not the one of the last change.
        return .done(after == file.identity ? .rotten(good: good) : .changed, after)
    }

    private func opened(in share: Share) throws(SystemError) -> (OpenFile, FileIdentity)? {
        do throws(SystemError) { return try share.open(file.name) } catch {
            if error.isMissing || error.isOtherKind || error.isNotADirectory { return nil }
            throw error
        }
    }

    /// What is in memory was right when it was read: only the disk can tell what is on it.
    private func forget(_ pieces: Range<Int>, of open: OpenFile) {
        let span = layout.span(of: pieces)
        guard !span.isEmpty else { return }
        FileIO.dropCached(open.rawValue, offset: span.lowerBound, count: UInt64(span.count))
    }

    private func isGood(_ index: Int, in open: OpenFile, _ bench: HashBench) -> Bool {
        // A sector that cannot be read any more is the usual way for a disk to rot.
        guard let digest = try? bench.digest(of: index, in: open, layout) else { return false }
        return digest == file.layer[index]
    }
}
