import Content
import Foundation
import Testing

@testable import Storage

struct StateDirectoryTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private var idPath: String { "\(scratch.statePath)/peer-id" }

    private func readID() throws -> PeerID { try StateDirectory(path: scratch.statePath).peerID }

    @Test("A peer keeps its id from run to run")
    func keepsID() throws {
        let first = try readID()
        #expect(try readID() == first)
        #expect(try String(contentsOfFile: idPath, encoding: .utf8) == "\(first.hex)\n")
    }

    @Test("Two peers have two ids")
    func idsDiffer() throws {
        let other = try Scratch()
        #expect(try readID() != StateDirectory(path: other.statePath).peerID)
    }

    @Test("Directories on the way are made, for their owner alone")
    func makesDirectories() throws {
        let path = "\(scratch.path)/a/b/state"
        _ = try StateDirectory(path: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        #expect(try FileManager.default.attributesOfItem(atPath: "\(path)/peer-id")[.posixPermissions] as? Int == 0o600)
    }

    @Test(
        "An id file that makes no sense is given a new id, which is then kept",
        arguments: ["", "abc", "zz" + String(repeating: "0", count: 30), String(repeating: "x", count: 100)])
    func replacesCorruptedID(_ text: String) throws {
        _ = try readID()
        try text.write(toFile: idPath, atomically: false, encoding: .utf8)
        let fresh = try readID()
        #expect(try readID() == fresh)
    }

    @Test("An id file that is not UTF-8 is given a new id, which is then kept")
    func replacesBinaryID() throws {
        _ = try readID()
        try Data(repeating: 0xFF, count: 32).write(to: URL(fileURLWithPath: idPath))
        let fresh = try readID()
        #expect(try readID() == fresh)
    }

    @Test("A second daemon is kept out and told who is there, for as long as the first lives")
    func locks() throws {
        let path = scratch.statePath
        do {
            let first = try StateDirectory(path: path)
            #expect(holder(of: path) == getpid())
            _ = first.peerID
        }
        #expect(holder(of: path) == nil)
    }

    /// - Returns: the process that holds the lock, 0 if it is not known, nil if nobody does.
    private func holder(of path: String) -> Int32? {
        do throws(StateDirectoryError) { _ = try StateDirectory(path: path) } catch {
            switch error {
            case .held(let heldPath, let process):
                #expect(heldPath == path)
                return process ?? 0
            case .failed(let failure): Issue.record("\(failure)")
            }
        }
        return nil
    }

    @Test("A file in the place of the directory is an error that names it")
    func refusesFile() throws {
        try Data().write(to: URL(fileURLWithPath: scratch.statePath))
        let error = #expect(throws: StateDirectoryError.self) { try readID() }
        guard case .failed(let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.subject == scratch.statePath)
    }
}
