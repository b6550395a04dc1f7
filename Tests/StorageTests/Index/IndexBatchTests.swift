import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct IndexBatchTests {
    private let scratch: Scratch
    private let share: Share
    private let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
    }

    private func step(_ name: String) throws -> IndexStep { try IndexStep(ShareName(name), in: share) }

    /// What became of each file, and how many steps it took.
    private func run(_ batch: IndexBatch) -> (findings: [IndexBatch.Finding], steps: Int) {
        var (findings, steps, rest) = ([IndexBatch.Finding](), 0, Optional(batch))
        while let batch = rest {
            let outcome = batch.run(in: share, with: bench)
            findings += outcome.findings
            rest = outcome.rest
            steps += 1
        }
        return (findings, steps)
    }

    private func roots(_ findings: [IndexBatch.Finding]) -> [FileRoot] {
        findings.compactMap { if case .done(let file) = $0 { file.root } else { nil } }
    }

    @Test("Small files and large ones are indexed in their order, to the roots of their trees")
    func indexes() throws {
        let samples = try [0, 1, 20_000, StorageLimits.indexStep + 5, 3].map { try Sample(length: $0) }
        var steps: [IndexStep] = []
        for (index, sample) in samples.enumerated() {
            try scratch.write(sample.bytes, to: "f\(index)")
            steps.append(try step("f\(index)"))
        }
        let (findings, count) = run(IndexBatch(steps))
        #expect(roots(findings) == samples.map(\.root))
        #expect(count > 1)
    }

    @Test("A step stops at its bytes, and says how far it is")
    func bounds() throws {
        let sample = try Sample(length: 2 * StorageLimits.indexStep + 1)
        try scratch.write(sample.bytes, to: "large")
        let outcome = IndexBatch([try step("large")]).run(in: share, with: bench)
        #expect(outcome.findings.isEmpty)
        #expect(outcome.rest?.current?.hashed == UInt64(StorageLimits.indexStep))
    }

    @Test("A file that somebody has open for writing is not indexed, be it opened before or while it is hashed")
    func openForWriting() throws {
        let names = ["open", "closed", "large"]
        for (name, length) in zip(names, [1, 2, StorageLimits.indexStep + 1]) {
            try scratch.write(try Sample(length: length).bytes, to: name)
        }
        var writers = [open("\(scratch.sharePath)/open", O_WRONLY)]
        defer { for writer in writers { close(writer) } }
        let begun = IndexBatch(try names.map(step)).run(in: share, with: bench)
        writers.append(open("\(scratch.sharePath)/large", O_WRONLY))
        let (rest, _) = run(try #require(begun.rest))
        let found = (begun.findings + rest).map { finding in
            switch finding {
            case .done(let file): "\(file.name) done"
            case .openForWriting(let name): "\(name) open"
            case .changed, .failed: "other"
            }
        }
        #expect(found == ["open open", "closed done", "large open"])
    }

    @Test("A file that is gone or was changed does not keep the others from being indexed")
    func others() throws {
        for name in ["a", "gone", "changed", "b"] { try scratch.write([1], to: name) }
        let batch = IndexBatch(try ["a", "gone", "changed", "b"].map(step))
        try FileManager.default.removeItem(atPath: "\(scratch.sharePath)/gone")
        try scratch.write([1, 2], to: "changed")
        let findings = run(batch).findings
        #expect(findings.count == 4 && roots(findings).count == 2)
        guard case .failed(let name, let error) = findings[1], case .changed(let other) = findings[2] else {
            Issue.record("\(findings)")
            return
        }
        #expect(name.path == "gone" && error.isMissing && other.path == "changed")
    }

    @Test("Nothing to do is nothing done")
    func empty() {
        #expect(IndexBatch([]).isEmpty)
        #expect(run(IndexBatch([])).findings.isEmpty)
    }
}
