import Content
import Foundation
import Posix
import TestSupport
import Testing

@testable import Storage

struct PartialVerificationTests {
    private let scratch: Scratch
    private let store: PartialStore
    private let sample: Sample
    private let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        store = try PartialStore(share: scratch.share(), state: scratch.state(), peer: .sample)
        sample = try Sample(length: 20 * (1 << 20) + 77)
    }

    /// A partial file with some of its pieces.
    private func partial(_ pieces: PieceSet, serial: UInt64 = 1) throws -> PartialFile {
        let partial = try store.open(ShareName("file"), sample.root, sample.layer, serial: serial)
        for index in 0..<pieces.pieceCount where pieces.contains(index) {
            let isStored = try sample.piece(index).withUnsafeBytes {
                try partial.store($0, index: index, with: bench)
            }
            #expect(isStored)
        }
        return partial
    }

    private func set(_ members: some Sequence<Int>) -> PieceSet {
        var pieces = PieceSet(pieceCount: sample.layout.pieceCount)
        for index in members { pieces.insert(index) }
        return pieces
    }

    private enum Failure: Error {
        case displaced
    }

    private func run(_ verification: PartialVerification) throws -> (good: PieceSet, steps: [UInt64]) {
        var next = verification
        var steps: [UInt64] = []
        while true {
            switch try next.run(with: bench) {
            case .more(let rest, let hashed):
                steps.append(hashed)
                next = rest
            case .done(_, let good, _): return (good, steps)
            case .touched(let again): next = again
            case .displaced: throw Failure.displaced
            }
        }
    }

    @Test("Of the pieces asked for those are good that are right, and no others are looked at")
    func findsGood() throws {
        let partial = try partial(set([0, 3, 80]))
        #expect(try run(PartialVerification(of: partial, set([0, 1, 80]))).good == set([0, 80]))
        #expect(try run(PartialVerification(of: partial, set([]))).good == set([]))
        #expect(PartialVerification(of: partial, set([0, 1, 80])).pieceCount == 3)
    }

    @Test("It comes back after a bounded number of bytes")
    func isBounded() throws {
        let partial = try partial(set(0..<81))
        let (good, steps) = try run(PartialVerification(of: partial, set(0..<81)))
        #expect(good == set(0..<81))
        #expect(steps == [UInt64(StorageLimits.indexStep)])
    }

    @Test("A file that ends before a piece does lacks that piece")
    func noticesShortFile() throws {
        let partial = try partial(set(0..<81))
        #expect(truncate(partial.file.path, off_t(2 * sample.layout.pieceSize + 1)) == 0)
        #expect(try run(PartialVerification(of: partial, set(0..<81))).good == set([0, 1]))
    }

    @Test("A set of another file's pieces is not taken for one of this")
    func ignoresStrangeSet() throws {
        let partial = try partial(set([0, 1]))
        var strange = PieceSet(pieceCount: 1000)
        strange.insert(0..<1000)
        #expect(try run(PartialVerification(of: partial, strange)).good == set([0, 1]))
    }

    @Test("What was read before somebody wrote to the file counts for nothing")
    func beginsAnew() throws {
        let partial = try partial(set(0..<81))
        guard case .more(let rest, _) = try PartialVerification(of: partial, set(0..<81)).run(with: bench) else {
            Issue.record("done in one step")
            return
        }
        let file = try #require(FileHandle(forWritingAtPath: partial.file.path))
        try file.write(contentsOf: [sample.bytes[0] ^ 1])
        try file.close()
        guard case .touched(let again) = try rest.run(with: bench) else {
            Issue.record("believed")
            return
        }
        #expect(partial.isTouched)
        #expect(try run(again).good == set(1..<81))
        #expect(!partial.isTouched)
        #expect(try partial.check() == .untouched)
    }

    @Test("After three false alarms the time of a change counts no more, and what is written is noticed all the same")
    func falseAlarms() throws {
        let partial = try partial(set(0..<81))
        for alarm in 1...4 {
            #expect(chmod(partial.file.path, alarm % 2 == 0 ? 0o600 : 0o640) == 0)
            #expect(try partial.check() == (alarm < 4 ? .touched : .untouched))
            if alarm < 4 { #expect(try run(PartialVerification(of: partial, set(0..<81))).good == set(0..<81)) }
        }
        let file = try #require(FileHandle(forWritingAtPath: partial.file.path))
        try file.write(contentsOf: [sample.bytes[0] ^ 1])
        try file.close()
        #expect(try partial.check() == .touched)
        #expect(try run(PartialVerification(of: partial, set(0..<81))).good == set(1..<81))
    }

    @Test("A file that is not at its path any more is not looked through", arguments: [false, true])
    func displaced(_ isReplaced: Bool) throws {
        let partial = try partial(set(0..<3))
        try FileManager.default.removeItem(atPath: partial.file.path)
        if isReplaced { try Data(sample.bytes).write(to: URL(fileURLWithPath: partial.file.path)) }
        guard case .displaced = try PartialVerification(of: partial, set(0..<3)).run(with: bench) else {
            Issue.record("looked through")
            return
        }
    }

    // MARK: Any tampering

    @Test(
        "Whatever is done to a partial file while the daemon is down, no wrong piece is believed",
        arguments: Seeded.seeds(12))
    func believesNothingWrong(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let recorded = set((0..<81).filter { _ in Bool.random(using: &random) })
        let partial = try partial(recorded, serial: seed)
        let record = partial.record(recorded)
        let isTampered = Int.random(in: 0..<5, using: &random) > 0
        if isTampered { for _ in 0..<Int.random(in: 1...4, using: &random) { try tamper(partial.file.path, &random) } }
        let good: PieceSet
        switch try store.reopen(record, as: partial.name, sample.root, synced: true) {
        case .missing:
            Issue.record("missing")
            return
        case .ready:
            #expect(!isTampered || recorded.isEmpty)
            good = recorded
        case .doubtful(let verification):
            #expect(isTampered)
            good = try run(verification).good
        }
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: partial.file.path)))
        #expect(bytes.count == sample.bytes.count)
        let right = recorded.runs.joined().filter { index in
            let start = Int(sample.layout.offset(of: index))
            let range = start..<start + sample.layout.size(of: index)
            return bytes[range] == sample.bytes[range]
        }
        #expect(good == set(right))
    }

    private func tamper(_ path: String, _ random: inout Seeded) throws {
        let length = sample.bytes.count
        if Int.random(in: 0..<3, using: &random) == 0 {
            #expect(truncate(path, off_t.random(in: 0...off_t(length + 5000), using: &random)) == 0)
            return
        }
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seek(toOffset: .random(in: 0..<UInt64(length), using: &random))
        let count = Int.random(in: 1...100_000, using: &random)
        try file.write(contentsOf: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        try file.close()
    }
}
