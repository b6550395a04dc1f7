import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct SetAsideTests {
    private let scratch: Scratch
    private let directory: Directory

    init() throws {
        scratch = try Scratch()
        directory = try scratch.state()
    }

    private func write(_ names: [String]) throws {
        for name in names { try Data(name.utf8).write(to: URL(fileURLWithPath: "\(scratch.statePath)/\(name)")) }
    }

    private func setAside(
        _ reason: SetAside.Reason = .corrupt("torn"), with partials: PartialStore? = nil
    ) throws -> SetAside {
        try SetAside("d", in: directory, with: partials, because: reason, now: Scratch.billion)
    }

    @Test("A file and what belongs to it go to a name that says why and when, and nothing else moves")
    func movesAll() throws {
        try write(["d", "d-wal", "d-shm", "d-journal", "d-other"])
        let aside = try setAside()
        #expect(aside.path == "\(scratch.statePath)/d.corrupt-20010909-014640")
        let stem = "d.corrupt-20010909-014640"
        #expect(
            Scratch.entries(of: scratch.statePath)
                == ["d-other", stem, "\(stem)-journal", "\(stem)-shm", "\(stem)-wal"])
        #expect(try String(contentsOfFile: "\(aside.path)-wal", encoding: .utf8) == "d-wal")
    }

    @Test("What was set aside in the same second is not written over, nor what would be taken for a part of it")
    func keepsEarlier() throws {
        let stem = "d.newer-20010909-014640"
        try write(["d", "d-wal", stem, "\(stem)-2-wal"])
        #expect(try setAside(.newer(version: 9)).path == "\(scratch.statePath)/\(stem)-3")
        #expect(try String(contentsOfFile: "\(scratch.statePath)/\(stem)", encoding: .utf8) == stem)
        #expect(try String(contentsOfFile: "\(scratch.statePath)/\(stem)-2-wal", encoding: .utf8) == "\(stem)-2-wal")
    }

    // MARK: Partial files

    @Test("Partial files go with it, each as it is, wherever they are kept; new ones are made where they were")
    func partials() throws {
        let sample = try Sample(length: 40_000)
        for scratch in [scratch, try Scratch(in: Scratch.otherFileSystem)] {
            let isNear = scratch === self.scratch
            let store = try PartialStore(share: scratch.share(), state: directory, peer: .sample)
            let partial = try PartialStoreTests.whole("file", sample, in: store)
            let place = isNear ? "\(scratch.statePath)/partial" : partialsInShare(scratch)
            try Data([1]).write(to: URL(fileURLWithPath: "\(place)/notes.txt"))
            try write(["d"])
            let aside = try setAside(with: store)
            let kept = "\(place).corrupt-20010909-014640"
            #expect(aside.partials == kept && "\(aside)".contains("had come of them was kept in \(kept)"))
            #expect(Scratch.entries(of: place) == ["notes.txt"] && Scratch.entries(of: kept) == [partial.fileName])
            let isWhole =
                Array(try Data(contentsOf: URL(fileURLWithPath: "\(kept)/\(partial.fileName)"))) == sample.bytes
            #expect(isWhole)
            _ = try PartialStoreTests.whole("file", sample, in: store, serial: 2)
            #expect(try store.removeAll(except: []).isEmpty)
            #expect(Scratch.entries(of: kept) == [partial.fileName])
        }
    }

    private func partialsInShare(_ scratch: Scratch) -> String {
        "\(scratch.sharePath)/.p2pd/partial-\(PeerID.sample.hex)"
    }

    @Test("What a daemon moved that died before it moved the database is not mixed with what is moved after it")
    func twice() throws {
        let sample = try Sample(length: 5)
        let store = try PartialStore(share: scratch.share(), state: directory, peer: .sample)
        for _ in 0..<2 {
            _ = try PartialStoreTests.whole("file", sample, in: store)
            _ = try store.setAside("corrupt-x")
        }
        #expect(try store.setAside("corrupt-x") == nil)
        #expect(Scratch.entries(of: scratch.statePath) == ["partial", "partial.corrupt-x", "partial.corrupt-x-2"])
    }

    @Test("The sentence for the log names both paths and the reason")
    func describes() throws {
        try write(["d"])
        let aside = try setAside()
        #expect("\(aside)".contains("\(scratch.statePath)/d is damaged (torn)"))
        #expect("\(aside)".contains(aside.path))
        try write(["d"])
        #expect("\(try setAside(.newer(version: 9)))".contains("newer p2pd (version 9 of its tables)"))
    }
}
