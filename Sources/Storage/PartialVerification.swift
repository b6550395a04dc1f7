import Content
import Posix

/// The hashing of pieces that a partial file should have, a bounded step at a time: of those that were recorded, when
/// somebody may have written to the file, and once more before delivery of those that an earlier daemon stored. What
/// comes out counts only if nobody has written to the file meanwhile.
public struct PartialVerification: Sendable {
    private let partial: PartialFile
    private let pieces: PieceSet
    private var good: PieceSet
    private var next = 0
    /// Of the file, when the first step began.
    private var touches: Int?
    private var isResealed = false

    /// What a step comes to.
    public enum Outcome: Sendable {
        /// Hashed in this step, in bytes; go on with this.
        case more(PartialVerification, hashed: UInt64)
        /// - Parameters:
        ///   - good: those of the pieces that are right.
        ///   - isResealed: the file is to be recorded anew, since no earlier record fits it.
        case done(PartialFile, good: PieceSet, isResealed: Bool)
        /// Somebody wrote to the file meanwhile: all begins anew.
        case touched(PartialVerification)
        /// Another file stands at its path, or none.
        case displaced(PartialFile)
    }

    public init(of partial: PartialFile, _ pieces: PieceSet) {
        self.partial = partial
        self.pieces = pieces
        good = PieceSet(pieceCount: partial.layout.pieceCount)
    }

    /// Pieces there are to hash in all.
    public var pieceCount: Int { pieces.count }

    /// Hashes the next pieces, or all that are left if they are few.
    public consuming func run(with bench: HashBench) throws(SystemError) -> Outcome {
        if touches == nil {
            isResealed = partial.isTouched
            touches = try partial.beginProof()
        }
        guard let touches else { return .displaced(partial) }
        var hashed = 0
        while let index = pieces.next(from: next), index < good.pieceCount {
            guard hashed < StorageLimits.indexStep else { return .more(self, hashed: UInt64(hashed)) }
            if try isRight(index, bench) { good.insert(index) }
            hashed += partial.layout.size(of: index)
            next = index + 1
        }
        switch try partial.endProof(touches, isWhole: good == pieces) {
        case .untouched: return .done(partial, good: good, isResealed: isResealed)
        case .touched: return .touched(PartialVerification(of: partial, pieces))
        case .displaced: return .displaced(partial)
        }
    }

    /// A piece that the disk cannot give back is wrong like any other: writing it anew may heal the place.
    private func isRight(_ index: Int, _ bench: HashBench) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try bench.digest(of: index, in: partial.file, partial.layout) == partial.layer[index]
        } catch {
            guard error.isDeviceFailure else { throw error }
            return false
        }
    }
}
