import Content

/// SHA-256 over many messages of equal size: the leaves of a file, or the nodes of a tree two by two.
///
/// One for each worker thread: it owns its engine's state, which is freed with it (about 200 KiB for `multiBuffer`).
/// Nothing is allocated while it hashes, except where an array passed in has to grow, and inside OpenSSL 3.0, which
/// takes a new state for each message.
public final class LeafHasher {
    /// What computes the digests; both give the same ones.
    public enum Engine: String, CaseIterable, Sendable {
        /// intel-ipsec-mb: several messages at once on one core. x86-64 only.
        case multiBuffer
        /// OpenSSL's libcrypto: one message after the other, on any machine.
        case openSSL
    }

    private enum State: ~Copyable {
        #if canImport(CIPSecMB)
            case multiBuffer(MultiBufferHasher)
        #endif
        case openSSL(OpenSSLHasher)
    }

    /// Parents computed before they replace their children, so that no message changes while it waits in a lane.
    private static let parentsPerBatch = 64

    private let state: State
    private let parents: UnsafeMutablePointer<Digest>
    /// `fillers[height]` is the node over 2^height leaves that are all filling, from one leaf to the longest file.
    private(set) var fillers = [Digest.zero]

    /// Chooses the fastest engine of this machine: intel-ipsec-mb where its lanes gain something, else OpenSSL.
    public convenience init() {
        do throws(LeafHasherError) {
            try self.init(engine: .multiBuffer)
        } catch {
            self.init(state: .openSSL(OpenSSLHasher()))
        }
    }

    /// - Throws: `engineUnavailable` for `multiBuffer` on a machine without it.
    public convenience init(engine: Engine) throws(LeafHasherError) {
        switch engine {
        case .multiBuffer:
            #if canImport(CIPSecMB)
                guard let hasher = MultiBufferHasher() else { throw .engineUnavailable(engine) }
                self.init(state: .multiBuffer(hasher))
            #else
                throw .engineUnavailable(engine)
            #endif
        case .openSSL:
            self.init(state: .openSSL(OpenSSLHasher()))
        }
    }

    private init(state: consuming State) {
        self.state = state
        parents = .allocate(capacity: LeafHasher.parentsPerBatch)
        parents.initialize(repeating: .zero, count: LeafHasher.parentsPerBatch)
        let leavesMax = PieceLayout.maxLength / UInt64(PieceLayout.leafSize)
        for height in 0..<leavesMax.trailingZeroBitCount {
            var pair = [fillers[height], fillers[height]]
            replaceByParents(&pair, count: 1)
            fillers.append(pair[0])
        }
    }

    deinit {
        parents.deallocate()
    }

    public var engine: Engine {
        switch state {
        #if canImport(CIPSecMB)
            case .multiBuffer: .multiBuffer
        #endif
        case .openSSL: .openSSL
        }
    }

    /// Digests of each 16 KiB leaf of `bytes`, of which the last may be short.
    ///
    /// - Parameter leaves: gets as many elements as there are leaves, none for no bytes; its storage is reused.
    public func hashLeaves(of bytes: UnsafeRawBufferPointer, into leaves: inout [Digest]) {
        let count = (bytes.count + PieceLayout.leafSize - 1) / PieceLayout.leafSize
        if leaves.count > count { leaves.removeLast(leaves.count - count) }
        while leaves.count < count { leaves.append(.zero) }
        leaves.withUnsafeMutableBytes { hash(bytes, each: PieceLayout.leafSize, into: $0) }
    }

    /// Digests of leaves that lie anywhere: the roots of files of one leaf each, which fill the lanes only together.
    ///
    /// - Parameter leaves: of 1 to 16,384 bytes.
    public func hash(leaves: [UnsafeRawBufferPointer]) -> [Digest] {
        assert(leaves.allSatisfy { 1...PieceLayout.leafSize ~= $0.count }, "a leaf of another size")
        var digests = [Digest](repeating: .zero, count: leaves.count)
        digests.withUnsafeMutableBytes { digests in
            guard let digest = digests.baseAddress else { return }
            switch state {
            #if canImport(CIPSecMB)
                case .multiBuffer(let hasher): hasher.hash(leaves, into: digest)
            #endif
            case .openSSL(let hasher): hasher.hash(leaves, into: digest)
            }
        }
        return digests
    }

    /// Replaces the first `2 * count` of `nodes` by their `count` parents; the elements behind those mean nothing then.
    func replaceByParents(_ nodes: inout [Digest], count: Int) {
        nodes.withUnsafeMutableBufferPointer { nodes in
            for start in stride(from: 0, to: count, by: LeafHasher.parentsPerBatch) {
                let batch = start..<min(start + LeafHasher.parentsPerBatch, count)
                let children = nodes.extracting(2 * batch.lowerBound..<2 * batch.upperBound)
                let parents = UnsafeMutableBufferPointer(start: parents, count: batch.count)
                hash(
                    UnsafeRawBufferPointer(children), each: 2 * Digest.byteCount,
                    into: UnsafeMutableRawBufferPointer(parents))
                _ = nodes.extracting(batch).update(fromContentsOf: parents)
            }
        }
    }

    private func hash(_ messages: UnsafeRawBufferPointer, each size: Int, into digests: UnsafeMutableRawBufferPointer) {
        guard let message = messages.baseAddress, let digest = digests.baseAddress else { return }
        switch state {
        #if canImport(CIPSecMB)
            case .multiBuffer(let hasher): hasher.hash(message, messages.count, each: size, into: digest)
        #endif
        case .openSSL(let hasher): hasher.hash(message, messages.count, each: size, into: digest)
        }
    }
}

/// Why a `LeafHasher` could not be made.
public enum LeafHasherError: Error, Hashable, CustomStringConvertible {
    case engineUnavailable(LeafHasher.Engine)

    public var description: String {
        switch self {
        case .engineUnavailable(let engine):
            "cannot hash with the engine \(engine.rawValue): this machine's processor does not have what it needs; "
                + "use \(LeafHasher.Engine.openSSL.rawValue)"
        }
    }
}
