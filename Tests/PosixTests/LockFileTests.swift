import Foundation
import Posix
import Testing

@Suite struct LockFileTests {
    private let scratch: Scratch
    private var path: String { scratch.path + "/lock" }

    init() throws { scratch = try Scratch() }

    /// What keeps the lock from being taken; nil if it could be.
    private func refusal() -> LockFileError? {
        do throws(LockFileError) {
            _ = try LockFile(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("A second holder is refused, and told the process that holds it")
    func held() throws {
        let lock = try LockFile(path: path)
        guard case .held(let place, let process) = refusal() else {
            Issue.record("the lock was taken twice")
            return
        }
        #expect(place == path)
        #expect(process == getpid())
        _ = consume lock
    }

    @Test("A lock is free again when its holder lets go, though its file stays")
    func letGo() throws {
        do { _ = try LockFile(path: path) }
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(refusal() == nil)
    }

    @Test("What a longer process id left in the file does not show")
    func stale() throws {
        try scratch.write("lock", "99999999999999\nx")
        let lock = try LockFile(path: path)
        #expect(scratch.read("lock") == "\(getpid())\n")
        _ = consume lock
    }

    @Test("A holder that wrote no number is refused without one")
    func noNumber() throws {
        try scratch.write("lock", "")
        let raw = open(path, O_RDWR)
        defer { close(raw) }
        try #require(flock(raw, LOCK_EX | LOCK_NB) == 0)
        guard case .held(_, nil) = refusal() else {
            Issue.record("the lock was taken twice, or a number was made up")
            return
        }
    }

    @Test("A lock in a directory that is missing is a failure that names the path")
    func missing() {
        do throws(LockFileError) {
            _ = try LockFile(path: scratch.path + "/none/lock")
            Issue.record("there is no such directory")
        } catch {
            guard case .failed(let failure) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(failure.code == ENOENT && failure.subject.hasSuffix("/none/lock"))
        }
    }
}
