import Content
import Control
import Testing

@testable import Node
@testable import PeerCore

struct SwarmControlTests {
    @Test("A limit is kept, ended or set")
    func limits() throws {
        let (old, new) = (ByteRate(bytesPerSecond: 1), try #require(ByteRate(bytesPerSecond: 2)))
        #expect(LimitParams.Change.keep.applied(to: old) == old)
        #expect(LimitParams.Change.keep.applied(to: nil) == nil)
        #expect(LimitParams.Change.unlimited.applied(to: old) == nil)
        #expect(LimitParams.Change.rate(new).applied(to: old) == new)
    }

    @Test("Of a survey every version is told with its holders in order, without this peer itself")
    func survey() {
        let root = FileRoot(digest: .zero, length: 10)
        let address = { (port: UInt16) in PeerAddress(ipv4: 0x7F00_0001, port: port) }
        let version = FileVersion(
            root: root, length: 10, modified: 5,
            holders: [
                VersionHolder(address: address(7002), have: 4), VersionHolder(address: nil, have: 10),
                VersionHolder(address: address(7001), have: 10),
            ])
        let reply = WhoReply(
            Survey(versions: [version], local: root, asked: 3, silent: 1, banned: 2, unfit: [address(7003)]))
        #expect(
            reply
                == WhoReply(
                    versions: [
                        .init(
                            root: root.digest.hex, length: 10, modified: 5,
                            holders: [
                                .init(address: "127.0.0.1:7001", complete: true, have: 10),
                                .init(address: "127.0.0.1:7002", complete: false, have: 4),
                            ])
                    ], asked: 3, silent: 1, banned: 2, local: root.digest.hex, unfit: ["127.0.0.1:7003"]))
    }
}
