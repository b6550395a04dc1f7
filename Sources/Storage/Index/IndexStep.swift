import Content
import Hashing
import Posix

/// The indexing of one file, a bounded step at a time.
public struct IndexStep: Sendable {
    public let name: ShareName
    public let identity: FileIdentity
    public let layout: PieceLayout
    private var layer: [Digest] = []

    /// What a step comes to.
    public enum Outcome: Sendable {
        /// Hashed so far, in bytes; go on with this.
        case more(IndexStep, hashed: UInt64)
        case done(IndexedFile)
        /// It was written to meanwhile: begin again.
        case changed
        /// Somebody has it open for writing, so that it may not be finished.
        case openForWriting
    }

    /// Begins with the file as it stands now.
    /// - Throws: EFBIG for a file longer than pieces allow.
    public init(_ name: ShareName, in share: Share) throws(SystemError) {
        let identity = try share.open(name).identity
        guard let step = IndexStep(name, identity) else {
            throw SystemError("index", on: "\(share.directory.path)/\(name)", code: SystemError.fileTooLarge)
        }
        self = step
    }

    /// Begins with the file as it stood when it was looked at.
    /// - Returns: nil for a file longer than pieces allow.
    public init?(_ name: ShareName, _ identity: FileIdentity) {
        guard let layout = PieceLayout(length: identity.size) else { return nil }
        self.name = name
        self.identity = identity
        self.layout = layout
    }

    /// Bytes hashed so far.
    public var hashed: UInt64 { min(identity.size, UInt64(layer.count) << UInt64(layout.pieceSizeLog2)) }

    /// Hashes the next pieces, or all that are left if they are few.
    /// - Parameter refusingWriters: a file that somebody has open for writing is not hashed, nor is it done.
    public consuming func run(
        in share: Share, with bench: HashBench, refusingWriters: Bool = false
    ) throws(SystemError) -> Outcome {
        let (file, identity) = try share.open(name)
        if refusingWriters, OpenWriters.exist(for: file.rawValue) == true { return .openForWriting }
        guard identity == self.identity else { return .changed }
        let last = min(layout.pieceCount, layer.count + max(1, StorageLimits.indexStep >> Int(layout.pieceSizeLog2)))
        let first = layer.count
        for index in first..<last {
            guard let digest = try bench.digest(of: index, in: file, layout) else { return .changed }
            layer.append(digest)
        }
        // First: what is written by those who have closed it by now shows in its times.
        if refusingWriters, OpenWriters.exist(for: file.rawValue) == true { return .openForWriting }
        guard try FileIO.identity(of: file.rawValue).identity == identity else { return .changed }
        guard layer.count == layout.pieceCount else {
            return .more(self, hashed: UInt64(last - first) << UInt64(layout.pieceSizeLog2))
        }
        let root = FileRoot(digest: bench.root(of: layer, layout), length: layout.length)
        return .done(IndexedFile(name: name, root: root, identity: identity, layer: layer))
    }
}

/// A file whose content is known.
public struct IndexedFile: Hashable, Sendable {
    public let name: ShareName
    public let root: FileRoot
    /// How the file stood when it was hashed; if it stands otherwise, its content is not known any more.
    public let identity: FileIdentity
    /// Empty for a file of one piece, whose only digest is its root's: most files are such.
    private let digests: [Digest]

    /// - Parameter layer: a digest a piece.
    public init(name: ShareName, root: FileRoot, identity: FileIdentity, layer: [Digest]) {
        self.name = name
        self.root = root
        self.identity = identity
        digests = layer == [root.digest] ? [] : layer
    }

    /// A digest a piece; a file of one piece has its root here.
    public var layer: [Digest] { digests.isEmpty && root.length > 0 ? [root.digest] : digests }
}

extension Share {
    /// Hashes the file that stands at a name, to the end.
    /// - Returns: nil if it has another root, or is written to meanwhile.
    public func file(at name: ShareName, of root: FileRoot, with bench: HashBench) throws(SystemError) -> IndexedFile? {
        var step = try IndexStep(name, in: self)
        guard step.identity.size == root.length else { return nil }
        while true {
            switch try step.run(in: self, with: bench) {
            case .more(let next, _): step = next
            case .done(let file): return file.root == root ? file : nil
            case .changed, .openForWriting: return nil
            }
        }
    }
}
