import Foundation
import Testing

extension EndToEnd {
    /// Files that rot on the disk, and `verify --repair`.
    @Suite(.serialized)
    struct RepairTests {
        private static let length = 24 * mebibyte

        /// A holder and a peer with the same file, which can rot at the peer.
        private func run(_ body: (_ holder: Peer, _ peer: Peer, _ rotting: RottingFile) throws -> Void) throws {
            // On a disk the kernel would see that it is written to.
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: RepairTests.length)
                var rotting: RottingFile?
                let peer = try swarm.addPeer { share in
                    try TestFile.write(share + "/a.bin", length: RepairTests.length)
                    rotting = RottingFile(share + "/a.bin")
                }
                try peer.awaitFiles("a.bin")
                try swarm.settle()
                try body(holder, peer, try #require(rotting))
            }
        }

        @Test("Only the bad pieces of a rotten file are fetched again, and it is offered as before")
        func repairs() throws {
            try run { holder, peer, rotting in
                for offset in [5, 7 * mebibyte, 7 * mebibyte + 1, RepairTests.length - 1] {
                    try rotting.rot(at: offset)
                }
                let before = peer.ctl("status", "--json").json?["bytesIn"].int ?? 0
                let reply = peer.ctl("verify", "--repair", "--json")
                #expect(reply.code == 0, "\(reply)")
                let told = reply.event("verified")
                #expect(told?["result"].string == "repaired" && told?["badPieces"].int == 3)
                #expect(reply.event("done")?["repaired"].int == 1)
                #expect(TestFile.sameBytes(peer.path("a.bin"), holder.path("a.bin")))
                let fetched = (peer.ctl("status", "--json").json?["bytesIn"].int ?? 0) - before
                #expect((3 * mebibyte / 4..<mebibyte).contains(fetched), "\(fetched) bytes")
                try peer.awaitFiles("a.bin")
                #expect(peer.ctl("verify").code == 0)
                #expect(peer.ctl("downloads", "--json").json?["downloads"].array.isEmpty == true)
            }
        }

        @Test("What was found rotten before is repaired later, and by name")
        func later() throws {
            try run { holder, peer, rotting in
                try rotting.rot(at: 12345)
                #expect(peer.ctl("verify").code == 65)
                #expect(peer.ctl("verify", "a.bin", "--repair").code == 0)
                #expect(TestFile.sameBytes(peer.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("Without another holder the file stays as it is, rotten, and the cause is told")
        func alone() throws {
            try run { holder, peer, rotting in
                #expect(holder.ctl("left").code == 0)
                try eventually("the holder is off the roster") {
                    peer.ctl("peers", "--json").json?["peers"].array.count == 1
                }
                try rotting.rot(at: 0)
                let reply = peer.ctl("verify", "--repair", "--json")
                #expect(reply.code == 65, "\(reply)")
                #expect(reply.event("verified")?["result"].string == "rotten")
                #expect(reply.event("verified")?["message"].string?.contains("nobody has a.bin") == true)
                #expect(TestFile.exists(peer.path("a.bin")))
            }
        }
    }
}
