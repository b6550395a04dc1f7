import Foundation
import Testing

@testable import Posix

@Suite struct TCPSocketTests {
    static let fourth = SocketAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0)
    static let sixth = SocketAddress(high: 0, low: 1, port: 0)

    /// Waits until the descriptor is ready for `events`, five seconds at most.
    private func wait(_ descriptor: Int32, _ events: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&entry, 1, 5000) == 1
    }

    @Test("A connection is made, accepted with its address, and told apart by it", arguments: [fourth, sixth])
    func connects(_ address: SocketAddress) throws {
        let listener = try TCPSocket.listen(on: address)
        let bound = try TCPSocket.localAddress(listener.rawValue)
        #expect(bound.high == address.high && bound.low == address.low && bound.port != 0)
        #expect(try TCPSocket.accept(listener.rawValue) == nil)

        let client = try TCPSocket.connect(to: bound)
        #expect(wait(client.rawValue, POLLOUT))
        #expect(TCPSocket.connectError(client.rawValue, to: bound) == nil)
        #expect(wait(listener.rawValue, POLLIN))
        let source = try #require(try TCPSocket.accept(listener.rawValue)?.address)
        #expect(source == (try TCPSocket.localAddress(client.rawValue)))
    }

    @Test("Both ends of a connection within the machine do without BBR from the first, and keep every other algorithm")
    func pacing() throws {
        let listener = try TCPSocket.listen(on: Self.fourth)
        let client = try TCPSocket.connect(to: TCPSocket.localAddress(listener.rawValue))
        let system = TCPSocket.systemAlgorithm
        let expected = system.hasPrefix("bbr") ? ["cubic", "reno"] : [system]
        #expect(expected.contains(TCPSocket.congestionControl(of: listener.rawValue)))
        #expect(expected.contains(TCPSocket.congestionControl(of: client.rawValue)))
        #expect(wait(listener.rawValue, POLLIN))
        guard let accepted = try TCPSocket.accept(listener.rawValue)?.takeDescriptor() else {
            Issue.record("nobody waits to be accepted")
            return
        }
        #expect(expected.contains(TCPSocket.congestionControl(of: accepted.rawValue)))
    }

    @Test("A connection to elsewhere has what the system has, and one from elsewhere gets it back")
    func keepsPacing() throws {
        // Set aside for measurements (RFC 2544): of no machine in use.
        let elsewhere = SocketAddress(high: 0, low: 0xFFFF_C612_0001, port: 7)
        let listener = try TCPSocket.listen(on: Self.fourth)
        let client = try TCPSocket.connect(to: TCPSocket.localAddress(listener.rawValue))
        #expect(wait(client.rawValue, POLLOUT))
        TCPSocket.restorePacing(client.rawValue, from: elsewhere)
        #expect(TCPSocket.congestionControl(of: client.rawValue) == TCPSocket.systemAlgorithm)
        TCPSocket.sparePacing(client.rawValue, to: elsewhere)
        #expect(TCPSocket.congestionControl(of: client.rawValue) == TCPSocket.systemAlgorithm)
    }

    @Test("A listener on [::] also takes IPv4, and names it by its IPv4 address")
    func dualStack() throws {
        let listener = try TCPSocket.listen(on: SocketAddress(high: 0, low: 0, port: 0))
        let port = try TCPSocket.localAddress(listener.rawValue).port
        let client = try TCPSocket.connect(to: SocketAddress(high: 0, low: Self.fourth.low, port: port))
        #expect(wait(listener.rawValue, POLLIN))
        let source = try #require(try TCPSocket.accept(listener.rawValue)?.address)
        #expect(source.low == Self.fourth.low && source.high == 0)
        #expect(client.rawValue >= 0)
    }

    @Test("A connection to where nobody listens is refused, at once or when it is decided")
    func refused() throws {
        let port = try portOfNobody()
        let address = SocketAddress(high: 0, low: Self.fourth.low, port: port)
        let client = try TCPSocket.connect(to: address)
        #expect(wait(client.rawValue, POLLOUT))
        let error = try #require(TCPSocket.connectError(client.rawValue, to: address))
        #expect(error.code == ECONNREFUSED)
        #expect(error.description.contains("127.0.0.1:\(port)"))
    }

    /// A port that a listener had until now.
    private func portOfNobody() throws -> UInt16 {
        let listener = try TCPSocket.listen(on: Self.fourth)
        return try TCPSocket.localAddress(listener.rawValue).port
    }

    @Test("A connection comes from the source it is told to")
    func source() throws {
        let listener = try TCPSocket.listen(on: Self.fourth)
        let bound = try TCPSocket.localAddress(listener.rawValue)
        let source = SocketAddress(high: 0, low: 0xFFFF_7F00_0009, port: 0)
        let client = try TCPSocket.connect(to: bound, from: source)
        #expect(wait(listener.rawValue, POLLIN))
        #expect(try TCPSocket.accept(listener.rawValue)?.address.low == source.low)
        #expect(client.rawValue >= 0)
    }

    @Test("Listening where somebody listens is an error that names the address")
    func occupied() throws {
        let listener = try TCPSocket.listen(on: Self.fourth)
        let bound = try TCPSocket.localAddress(listener.rawValue)
        #expect(code { _ = try TCPSocket.listen(on: bound) } == EADDRINUSE)
    }

    @Test("A reset on close reaches the other end as an error, not as an end")
    func reset() throws {
        let listener = try TCPSocket.listen(on: Self.fourth)
        let bound = try TCPSocket.localAddress(listener.rawValue)
        let client = try TCPSocket.connect(to: bound)
        #expect(wait(listener.rawValue, POLLIN))
        do {
            guard let accepted = try TCPSocket.accept(listener.rawValue) else {
                Issue.record("nobody waits to be accepted")
                return
            }
            TCPSocket.resetOnClose(accepted.descriptor.rawValue)
        }
        #expect(wait(client.rawValue, POLLIN))
        var byte: UInt8 = 0
        let error = code {
            _ = try withUnsafeMutableBytes(of: &byte) { buffer in
                try StreamIO.read(client.rawValue, into: buffer)
            }
        }
        #expect(error == ECONNRESET)
    }

    @Test("A connection whose other end is to acknowledge something in time has the kernel watch over that")
    func endsWhenSilent() throws {
        let listener = try TCPSocket.listen(on: Self.fourth)
        let client = try TCPSocket.connect(to: try TCPSocket.localAddress(listener.rawValue))
        TCPSocket.endWhenSilent(client.rawValue, seconds: 15)
        func option(_ level: Int32, _ name: Int32) -> Int32 {
            var (value, length) = (Int32(-1), socklen_t(MemoryLayout<Int32>.size))
            getsockopt(client.rawValue, level, name, &value, &length)
            return value
        }
        let tcp = Int32(IPPROTO_TCP)
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1 && option(tcp, TCP_USER_TIMEOUT) == 15_000)
        #expect(option(tcp, TCP_KEEPIDLE) + option(tcp, TCP_KEEPINTVL) == 15)
    }

    @Test("An address is written as people write it")
    func descriptions() {
        #expect(SocketAddress(high: 0, low: 0xFFFF_C000_0201, port: 7).description == "192.0.2.1:7")
        #expect(SocketAddress(high: 0x2001_0DB8 << 32, low: 1, port: 7).description == "[2001:db8:0:0:0:0:0:1]:7")
    }

    @Test("A numeric host is its own address, and a name that is none says so")
    func lookup() throws {
        #expect(try HostLookup.resolve(host: "192.0.2.1", port: 7).description == "192.0.2.1:7")
        #expect(try HostLookup.resolve(host: "::1", port: 7) == SocketAddress(high: 0, low: 1, port: 7))
        #expect(throws: HostLookupError.self) { try HostLookup.resolve(host: "no host", port: 7) }
    }
}
