import Content
import Posix

/// The indexing of several files one after the other, a bounded step at a time: small ones by the hundred, since each
/// costs a worker less than to be told of it.
public struct IndexBatch: Sendable {
    /// What became of one file.
    public enum Finding: Sendable {
        case done(IndexedFile)
        /// It was written to meanwhile.
        case changed(ShareName)
        case openForWriting(ShareName)
        case failed(ShareName, SystemError)
    }

    /// What a step comes to.
    public struct Outcome: Sendable {
        public let findings: [Finding]
        /// The rest; nil when every file has been dealt with.
        public let rest: IndexBatch?
        /// Bytes hashed in this step.
        public let hashed: UInt64
    }

    /// Last first.
    private var steps: [IndexStep]

    /// - Parameter steps: in the order in which they are wanted.
    public init(_ steps: [IndexStep]) {
        self.steps = steps.reversed()
    }

    public var isEmpty: Bool { steps.isEmpty }
    /// The file that is being hashed, and how many bytes of it are.
    public var current: (name: ShareName, hashed: UInt64)? { steps.last.map { ($0.name, $0.hashed) } }

    public consuming func run(in share: Share, with bench: HashBench) -> Outcome {
        var findings: [Finding] = []
        var (bytes, hashed) = (UInt64(0), UInt64(0))
        while bytes < UInt64(StorageLimits.indexStep), findings.count < StorageLimits.indexStepFiles,
            let step = steps.popLast()
        {
            bytes += min(step.identity.size, UInt64(StorageLimits.indexStep))
            do throws(SystemError) {
                switch try step.run(in: share, with: bench, refusingWriters: true) {
                case .more(let next, let count):
                    hashed += count
                    steps.append(next)
                case .done(let file):
                    hashed += file.root.length - step.hashed
                    findings.append(.done(file))
                case .changed: findings.append(.changed(step.name))
                case .openForWriting: findings.append(.openForWriting(step.name))
                }
            } catch {
                findings.append(.failed(step.name, error))
            }
        }
        return Outcome(findings: findings, rest: steps.isEmpty ? nil : self, hashed: hashed)
    }
}
