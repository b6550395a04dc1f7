import Foundation
import Posix
import Testing

@Suite struct UnixSocketTests {
    private let scratch: Scratch
    private var path: String { scratch.path + "/control" }

    init() throws { scratch = try Scratch() }

    private func connect() throws -> FileDescriptor {
        let client = FileDescriptor(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let raw = client.rawValue
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return client
    }

    @Test("A client that connects is accepted, and is this user")
    func accepts() throws {
        let listener = try UnixSocket.listen(at: path)
        #expect(try UnixSocket.accept(listener.rawValue) == nil)
        let client = try connect()
        let accepted = try #require(try UnixSocket.accept(listener.rawValue)?.rawValue)
        #expect(try UnixSocket.peerUserID(client.rawValue) == CurrentUser.id)
        #expect(accepted >= 0)
    }

    @Test("Only the user may connect: the socket's mode is 0600, and the process's umask is left alone")
    func mode() throws {
        let before = umask(0o022)
        umask(before)
        let listener = try UnixSocket.listen(at: path)
        var info = stat()
        try #require(lstat(path, &info) == 0)
        #expect(info.st_mode & 0o7777 == 0o600)
        let after = umask(before)
        umask(before)
        #expect(after == before)
        #expect(listener.rawValue >= 0)
    }

    @Test("A socket left by a daemon that is gone is replaced")
    func stale() throws {
        do { _ = try UnixSocket.listen(at: path) }
        #expect(FileManager.default.fileExists(atPath: path))
        let listener = try UnixSocket.listen(at: path)
        _ = try connect()
        #expect(try UnixSocket.accept(listener.rawValue) != nil)
    }

    @Test("A socket that answers is left alone, even when its backlog is full")
    func live() throws {
        let listener = try UnixSocket.listen(at: path)
        #expect(code { _ = try UnixSocket.listen(at: path) } == EADDRINUSE)
        // What asked is still in the queue, which now is full: connecting again would have to wait.
        try #require(Foundation.listen(listener.rawValue, 0) == 0)
        #expect(code { _ = try UnixSocket.listen(at: path) } == EADDRINUSE)
    }

    @Test("A file that is not a socket is not removed for one")
    func otherFile() throws {
        try scratch.write("control", "mine")
        #expect(code { _ = try UnixSocket.listen(at: path) } == ENOTSOCK)
        #expect(scratch.read("control") == "mine")
    }

    @Test("A link is not followed to the socket it names")
    func link() throws {
        try scratch.link("control", to: scratch.path + "/elsewhere")
        #expect(code { _ = try UnixSocket.listen(at: path) } == ENOTSOCK)
    }

    @Test("A path that does not fit is refused with its length's errno, not cut off")
    func longPath() {
        let long = scratch.path + "/" + String(repeating: "x", count: 108)
        #expect(code { _ = try UnixSocket.listen(at: long) } == ENAMETOOLONG)
    }
}
