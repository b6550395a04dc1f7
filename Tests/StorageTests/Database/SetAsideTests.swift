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

    private func setAside(_ reason: SetAside.Reason = .corrupt("torn")) throws -> SetAside {
        try SetAside("d", in: directory, because: reason, now: Scratch.billion)
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
