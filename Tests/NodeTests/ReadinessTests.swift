import Foundation
import Glibc
import Testing

@testable import Node

@Suite struct ReadinessTests {
    /// Binds a datagram socket, lets `body` send to it, and returns what came.
    private func received(at path: [UInt8], _ body: () -> Void) -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(2 + path.count)) }
        }
        #expect(bound == 0)
        body()
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("the states are sent to the socket of NOTIFY_SOCKET, by path and by abstract name")
    func sent() {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
        defer { unlink(path) }
        #expect(received(at: Array(path.utf8)) { Readiness.notify(environment: ["NOTIFY_SOCKET": path]) } == "READY=1")
        let name = "p2pd-\(UUID())"
        let text = received(at: [0] + Array(name.utf8)) {
            Readiness.notify(.stopping, environment: ["NOTIFY_SOCKET": "@" + name])
        }
        #expect(text == "STOPPING=1")
    }

    @Test("an unset, empty, dangling or overlong socket is no obstacle")
    func obstacles() {
        for address in ["", "/nonexistent/socket", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 200)] {
            Readiness.notify(environment: ["NOTIFY_SOCKET": address])
        }
        Readiness.notify(environment: [:])
    }
}
