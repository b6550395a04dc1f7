import Content
import Foundation
import Posix
import TestSupport
import Testing
import Wire

@testable import Transport

/// Dialing and accepting.
struct OpeningTests {
    @Test("A dial that nobody answers to is told as refused")
    func refused() throws {
        let loop = try Loop()
        let end = loop.end()
        // A port that was just given back.
        let port = try { () throws in
            let socket = try TCPSocket.listen(on: SocketAddress(.loopback(0)))
            return try TCPSocket.localAddress(socket.rawValue).port
        }()
        let id = try end.transport.dial(.loopback(port), from: nil)
        try loop.run { !end.dialed.isEmpty }
        #expect(end.dialed.map(\.connection) == [id])
        #expect(end.dialed.first?.failure?.contains("Connection refused") == true)
        #expect(end.transport.count == 0)
        #expect(end.closed.isEmpty)
    }

    @Test("A dial into silence ends after its time")
    func timesOut() throws {
        let silent = try SilentListener()
        let loop = try Loop()
        let end = loop.end { $0.dial = .milliseconds(100) }
        _ = try end.transport.dial(.loopback(silent.port), from: nil)
        #expect(try loop.run(3) { !end.dialed.isEmpty })
        #expect(end.dialed.first?.failure?.hasPrefix("no answer from 127.0.0.1:\(silent.port)") == true)
        #expect(end.transport.count == 0)
    }

    @Test("A dial that is closed before it is answered is heard of no more")
    func closedWhileConnecting() throws {
        let silent = try SilentListener()
        let loop = try Loop()
        let end = loop.end { $0.dial = .milliseconds(50) }
        let id = try end.transport.dial(.loopback(silent.port), from: nil)
        try loop.tick()
        #expect(end.transport.close(id) == nil)
        try loop.run(for: 0.15)
        #expect(end.dialed.isEmpty && end.closed.isEmpty && end.transport.count == 0)
    }

    @Test("A dial comes from the address it is bound to")
    func dialsFromSource() throws {
        let loop = try Loop()
        let (near, far) = (loop.end(), loop.end())
        let port = try far.transport.listen(on: PeerAddress(ipv4: 0x7F00_0001, port: 0))
        let source = PeerAddress(ipv4: 0x7F00_0005, port: 99)
        _ = try near.transport.dial(.loopback(port), from: source)
        try loop.run { !far.accepted.isEmpty }
        #expect(near.dialed.allSatisfy { $0.failure == nil })
        #expect(far.addresses.map(\.host) == ["127.0.0.5"])
    }

    @Test("Two daemons listen on IPv6 as well")
    func listensOnIPv6() throws {
        let loop = try Loop()
        let (near, far) = (loop.end(), loop.end())
        let port = try far.transport.listen(on: PeerAddress(high: 0, low: 1, port: 0))
        _ = try near.transport.dial(PeerAddress(high: 0, low: 1, port: port), from: nil)
        #expect(try loop.run { far.accepted.count == 1 && near.dialed.first?.failure == .some(nil) })
    }

    @Test("When descriptors run out, those who connect wait without the loop spinning, and are accepted afterwards")
    func survivesRunningOut() async {
        // In a process of its own: the limit holds for all threads.
        await #expect(processExitsWith: .success) {
            let loop = try Loop()
            let end = loop.end { $0.acceptPause = .milliseconds(50) }
            let port = try end.transport.listen(on: .loopback(0))
            let clients = try (0..<8).map { _ in try RawSocket(to: port) }
            var shortage = DescriptorShortage(above: clients.map(\.descriptor).max() ?? 0)
            try loop.run(for: 0.3)
            let (accepted, ticks) = (end.accepted.count, loop.ticks)
            shortage.end()
            // A tick of this loop waits 5 ms if nothing happens: 60 in all, and a few for the attempts.
            guard accepted == 0, ticks < 90 else { exit(10) }
            guard try loop.run(3, until: { end.accepted.count == 8 }) else { exit(11) }
            exit(0)
        }
    }

    @Test("A burst of connections is accepted over several ticks")
    func acceptsInPortions() throws {
        let loop = try Loop()
        let end = loop.end { $0.acceptsPerTick = 3 }
        let port = try end.transport.listen(on: .loopback(0))
        let clients = try (0..<10).map { _ in try RawSocket(to: port) }
        try loop.tick()
        #expect(end.accepted.count == 3)
        #expect(try loop.run { end.accepted.count == clients.count })
    }
}

/// A listener whose queue is full: the kernel answers no further connection.
private final class SilentListener {
    let port: UInt16
    private let listener: FileDescriptor
    private var waiting: [DescriptorBox] = []

    init() throws {
        listener = FileDescriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        let descriptor = listener.rawValue
        try #require(RawSocket.withAddress(0) { bind(descriptor, $0, $1) } == 0)
        try #require(listen(descriptor, 0) == 0)
        port = try TCPSocket.localAddress(descriptor).port
        for _ in 0..<4 {
            waiting.append(DescriptorBox(try TCPSocket.connect(to: SocketAddress(.loopback(port)))))
        }
    }
}
