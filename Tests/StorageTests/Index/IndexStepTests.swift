import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct IndexStepTests {
    let scratch: Scratch
    let share: Share
    let name: ShareName
    let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
        name = try ShareName("sub/file")
    }

    static let piece = 1 << Int(PieceLayout.usualPieceSizeLog2)
    static let lengths = [
        0, 1, 16_383, 16_384, 16_385, piece - 1, piece, piece + 1, 3 * piece - 1, 3 * piece, 3 * piece + 1,
        StorageLimits.indexStep - 1, StorageLimits.indexStep, StorageLimits.indexStep + 1,
        2 * StorageLimits.indexStep + 3 * piece + 5,
    ]

    @Test("A file of any length is indexed to the root of its tree", arguments: lengths)
    func indexesToRoot(_ length: Int) throws {
        let sample = try Sample(length: length)
        try scratch.write(sample.bytes, to: name.path)
        let (file, steps, hashed) = try indexed()
        #expect(file.root == sample.root)
        #expect(file.layer == sample.layer)
        #expect(file.name == name)
        #expect(file.identity == (try share.open(name).identity))
        // What is told step by step is what lies before the last step.
        #expect(steps == max(1, (length + StorageLimits.indexStep - 1) / StorageLimits.indexStep))
        #expect(hashed == UInt64(steps - 1) * UInt64(StorageLimits.indexStep))
    }

    private func indexed() throws -> (file: IndexedFile, steps: Int, hashed: UInt64) {
        var step = try IndexStep(name, in: share)
        var (steps, total) = (1, UInt64(0))
        while true {
            switch try step.run(in: share, with: bench) {
            case .more(let next, let hashed):
                step = next
                steps += 1
                total += hashed
            case .done(let file): return (file, steps, total)
            case .changed, .openForWriting: throw SystemError("index", on: name.path, code: EAGAIN)
            }
        }
    }

    // MARK: Change

    enum Change: CaseIterable {
        case grown, shortened, rewritten, replaced
    }

    @Test("A file that is written to between two steps has to be begun again", arguments: Change.allCases)
    func noticesChange(_ change: Change) throws {
        let sample = try Sample(length: StorageLimits.indexStep + 9)
        try scratch.write(sample.bytes, to: name.path)
        guard case .more(let next, _) = try IndexStep(name, in: share).run(in: share, with: bench) else {
            Issue.record("there is no second step")
            return
        }
        try apply(change, sample)
        guard case .changed = try next.run(in: share, with: bench) else {
            Issue.record("the change was not noticed")
            return
        }
    }

    private func apply(_ change: Change, _ sample: Sample) throws {
        let path = "\(scratch.sharePath)/\(name)"
        switch change {
        case .grown: #expect(truncate(path, off_t(sample.bytes.count + 1)) == 0)
        case .shortened: #expect(truncate(path, 5) == 0)
        case .rewritten:
            // Within one tick of the kernel's clock a write may leave the time as it was: set it as a later one would.
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 5_000)], ofItemAtPath: path)
        case .replaced:
            try scratch.write(sample.bytes, to: "other")
            #expect(rename("\(scratch.sharePath)/other", path) == 0)
        }
    }

    @Test("A file that is removed between two steps is missing")
    func noticesRemoval() throws {
        try scratch.write(try Sample(length: StorageLimits.indexStep + 9).bytes, to: name.path)
        guard case .more(let next, _) = try IndexStep(name, in: share).run(in: share, with: bench) else {
            Issue.record("there is no second step")
            return
        }
        try FileManager.default.removeItem(atPath: "\(scratch.sharePath)/\(name)")
        #expect(failure { try next.run(in: share, with: bench) }?.isMissing == true)
    }

    @Test("A file longer than pieces allow is refused before it is read")
    func refusesTooLong() throws {
        try scratch.write([], to: name.path)
        try #require(truncate("\(scratch.sharePath)/\(name)", off_t(PieceLayout.maxLength) + 1) == 0)
        #expect(failure { try IndexStep(name, in: share) }?.code == EFBIG)
    }
}
