import Control
import Foundation
import Posix
import Reactor
import TestSupport
import Testing

@testable import Node

/// A control server on a loop of its own; requests are recorded, and answered if a test wants.
private final class Loop: ReactorHandler, ControlHandler {
    typealias Completion = Int

    let reactor: Reactor<Int>
    let server: ControlServer<Int>
    let path: String
    var requests: [(request: ControlRequest, client: ControlClientID)] = []
    var gone: [ControlClientID] = []
    var onRequest: (ControlRequest, ControlClientID) -> Void = { _, _ in }
    private(set) var ticks = 0

    init() throws {
        SignalDescriptor.ignoreBrokenPipes()
        path = "\(NSTemporaryDirectory())/p2pd-\(UUID()).sock"
        reactor = try Reactor()
        server = try ControlServer(path: path, reactor: reactor)
    }

    deinit { server.close() }

    func requested(_ request: ControlRequest, by client: ControlClientID) {
        requests.append((request, client))
        onRequest(request, client)
    }

    func clientGone(_ client: ControlClientID) { gone.append(client) }
    func ready(_ token: Token, _ mask: EventPoll.Mask) { server.ready(token, mask, self) }
    func completed(_ completion: Int) {}
    func fired(_ timer: TimerID) { _ = server.fired(timer) }
    func received(signal: Int32) {}
    func endOfTick() {}

    @discardableResult
    func run(_ seconds: Double = 5, until isDone: () -> Bool) throws -> Bool {
        let deadline = Deadline(seconds)
        while !isDone() {
            guard !deadline.isOver else { return false }
            try tick()
        }
        return true
    }

    func run(for seconds: Double) throws {
        let end = Deadline.now() + seconds
        while Deadline.now() < end { try tick() }
    }

    private func tick() throws {
        ticks += 1
        try reactor.tick(self, waitingAtMost: 5_000_000)
    }
}

/// A client that says whatever bytes a test wants.
private final class Client {
    let socket: FileDescriptor
    private(set) var heard: [UInt8] = []

    init(_ path: String) throws {
        socket = FileDescriptor(owning: Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let descriptor = socket.rawValue
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// - Returns: bytes that the kernel took.
    @discardableResult
    func say(_ bytes: [UInt8], from start: Int = 0) -> Int {
        bytes[start...].withUnsafeBytes { max(0, send(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))) }
    }

    func say(_ text: String) { say(Array(text.utf8)) }

    func ask(_ id: Int, _ call: ControlCall = .status) {
        say(ControlLine.request(ControlRequest(id: .number(id), call: call)))
    }

    var isAtEnd: Bool {
        hear()
        var byte: UInt8 = 0
        return recv(socket.rawValue, &byte, 1, 0) == 0 || (errno != EAGAIN)
    }

    private func hear() {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = recv(socket.rawValue, &block, block.count, 0), count > 0 { heard += block[..<count] }
    }

    /// The whole lines that came.
    var lines: [String] {
        hear()
        return String(decoding: heard, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

struct ControlServerTests {
    private let loop: Loop

    init() throws { loop = try Loop() }

    @Test("Several clients are answered, each on its own connection")
    func serves() throws {
        loop.onRequest = { [server = loop.server] request, client in
            server.send(ControlLine.reply(request.id, LeftReply()), to: client)
        }
        let clients = try (0..<5).map { _ in try Client(loop.path) }
        for (index, client) in clients.enumerated() { client.ask(index) }
        try loop.run { loop.requests.count == 5 }
        for (index, client) in clients.enumerated() {
            #expect(client.lines == [#"{"id":\#(index),"jsonrpc":"2.0","result":{}}"#])
        }
        #expect(loop.gone.isEmpty)
    }

    @Test("A request that comes a byte at a time, and two that come together, are each heard once")
    func splits() throws {
        let client = try Client(loop.path)
        for byte in ControlLine.request(ControlRequest(id: .number(1), call: .peers)) {
            client.say([byte])
            try loop.run(for: 0.0001)
        }
        let two = ControlLine.request(ControlRequest(id: .number(2), call: .left))
        client.say(two + two)
        try loop.run { loop.requests.count == 3 }
        #expect(loop.requests.map(\.request.id) == [.number(1), .number(2), .number(2)])
        #expect(loop.requests.map(\.request.call.method) == [.peers, .left, .left])
    }

    static let nonsense = [
        "hello", "{}", "[]", "null", "{\"jsonrpc\":\"2.0\",\"id\":1}", "\u{0}\u{0}", "{\"id\":1,\"method\":\"req\"}",
        String(repeating: "[", count: 50_000), "\u{FEFF}{",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"req\",\"params\":{\"name\":\"../x\"}}",
    ]

    @Test(
        "A line that is no request is answered with an error, and the connection goes on", arguments: nonsense.indices)
    func refusesNonsense(_ index: Int) throws {
        let client = try Client(loop.path)
        client.say(Self.nonsense[index] + "\n")
        try loop.run { !client.lines.isEmpty }
        #expect(
            client.lines.first?.hasPrefix("{\"error\":{\"code\":-326") == true
                || client.lines.first?.contains("-32700") == true)
        client.ask(9)
        #expect(try loop.run { loop.requests.count == 1 })
        #expect(loop.requests.first?.request.id == .number(9))
    }

    @Test("A client whose line is longer than any request is dropped")
    func dropsHugeLine() throws {
        let client = try Client(loop.path)
        let huge = [UInt8](repeating: UInt8(ascii: "x"), count: LineSplitter.maxRequestBytes + 100_000)
        var sent = 0
        #expect(
            try loop.run {
                sent += client.say(huge, from: sent)
                return !loop.gone.isEmpty
            })
        #expect(client.isAtEnd)
        #expect(loop.requests.isEmpty)
    }

    @Test("A client that never reads is dropped when its answers pass the cap, and hears of no more")
    func dropsNonReader() throws {
        let client = try Client(loop.path)
        let other = try Client(loop.path)
        other.ask(1)
        client.ask(2)
        try loop.run { loop.requests.count == 2 }
        let id = try #require(loop.requests.first { $0.request.id == .number(2) }?.client)
        let line = [UInt8](repeating: UInt8(ascii: "y"), count: 1 << 20) + [UInt8(ascii: "\n")]
        var sent = 0
        while loop.gone.isEmpty, sent < 100 {
            loop.server.send(line, to: id)
            sent += 1
            try loop.run(for: 0.001)
        }
        #expect(sent < 20)
        #expect(loop.gone == [id])
        loop.server.send(line, to: id)
        #expect(try loop.run(1) { client.isAtEnd })
        #expect(client.heard.count < 2 << 20)
        other.ask(3)
        #expect(try loop.run { loop.requests.count == 3 })
    }

    @Test("What a client asks in advance is not done once it is dropped for not reading")
    func dropsPipelined() throws {
        let client = try Client(loop.path)
        let line = [UInt8](repeating: UInt8(ascii: "y"), count: 12 << 20)
        loop.onRequest = { [server = loop.server] _, id in server.send(line, to: id) }
        for id in 0..<50 { client.ask(id) }
        try loop.run { !loop.gone.isEmpty }
        #expect(loop.requests.count == 2)
        #expect(loop.gone.count == 1)
    }

    @Test("A client that reads slowly gets all of a long answer")
    func servesSlowReader() throws {
        let client = try Client(loop.path)
        let line = [UInt8](repeating: UInt8(ascii: "z"), count: 8 << 20)
        loop.onRequest = { [server = loop.server] _, id in server.send(line, to: id) }
        client.ask(1)
        #expect(
            try loop.run(20) {
                _ = client.isAtEnd
                return client.heard.count >= line.count - 1000
            })
        #expect(loop.gone.isEmpty)
    }

    @Test("A client that vanishes is told as gone, once")
    func vanishes() throws {
        do {
            let client = try Client(loop.path)
            client.ask(1)
            try loop.run { loop.requests.count == 1 }
        }
        try loop.run { !loop.gone.isEmpty }
        loop.server.send([1], to: loop.requests[0].client)
        try loop.run(for: 0.02)
        #expect(loop.gone == [loop.requests[0].client])
    }

    @Test("No more than 64 clients are served at one time; one that leaves makes room")
    func boundsClients() throws {
        var clients = try (0..<64).map { _ in try Client(loop.path) }
        clients[0].ask(1)
        try loop.run { loop.requests.count == 1 }
        let late = try Client(loop.path)
        #expect(try loop.run { late.isAtEnd })
        clients.removeLast()
        try loop.run { loop.gone.count == 1 }
        let next = try Client(loop.path)
        next.ask(2)
        #expect(try loop.run { loop.requests.count == 2 })
    }

    @Test("The socket is its owner's alone; one that a daemon left behind is replaced, one that answers is not")
    func ownsPath() throws {
        let mode = try FileManager.default.attributesOfItem(atPath: loop.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let second = { () throws(SystemError) in try ControlServer(path: loop.path, reactor: loop.reactor) }
        #expect(throws: SystemError.self) { try second() }
        loop.server.close()
        #expect(!FileManager.default.fileExists(atPath: loop.path))
        let stale = try UnixSocket.listen(at: loop.path)
        try leave(stale)
        try second().close()
    }

    /// Closes a socket without removing its name, as a daemon that was killed does.
    private func leave(_ socket: consuming FileDescriptor) throws {
        _ = consume socket
        #expect(FileManager.default.fileExists(atPath: loop.path))
    }

    @Test("When descriptors run out, clients wait without the loop spinning, and are served afterwards")
    func survivesRunningOut() async {
        // In a process of its own: the limit holds for all threads.
        await #expect(processExitsWith: .success) {
            let loop = try Loop()
            let client = try Client(loop.path)
            client.ask(1)
            var shortage = DescriptorShortage(above: client.socket.rawValue)
            try loop.run(for: 0.5)
            let (requests, ticks) = (loop.requests.count, loop.ticks)
            shortage.end()
            guard requests == 0, ticks < 150 else { exit(10) }
            guard try loop.run(3, until: { loop.requests.count == 1 }) else { exit(11) }
            exit(0)
        }
    }
}
