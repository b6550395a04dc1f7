import Content
import Foundation
import Testing
import Wire

extension EndToEnd {
    /// What peers get for lying, beyond the download that they lied in.
    @Suite(.serialized)
    struct TrustTests {
        @Test(
            "Whoever corrupts one file after the other is refused for an hour, also after a restart, until it is lifted"
        )
        func corrupting() throws {
            try Swarm.run { swarm in
                let names = (1...4).map { "\($0).bin" }
                let honest = try swarm.addPeer { share in
                    for (seed, name) in names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: 4 * mebibyte + 5, seed: UInt64(seed + 1))
                    }
                }
                for name in names { try honest.awaitFiles(name) }
                let files = try names.map { try FakeFile(honest.path($0), named: $0) }
                let fake = try FakePeer(files, .wrongBytes, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [honest], and: fake)
                for name in names.dropLast() {
                    #expect(fetcher.ctl("req", name).code == 0)
                    #expect(TestFile.sameBytes(fetcher.path(name), honest.path(name)))
                }
                #expect(bans(at: fetcher) == [fake.address.description])
                try fetcher.terminate()
                try fetcher.restart()
                try fetcher.awaitReady()
                try fetcher.awaitRoster(of: [honest], and: fake)
                let ban = fetcher.ctl("bans", "--json").json?["bans"].array.first
                #expect((3000...3600).contains(ban?["secondsLeft"].int ?? 0))
                #expect(fetcher.ctl("req", "none.bin").errors.contains("1 banned peer was not asked"))
                let before = fake.piecesServed
                let refusals = fake.refusals.count
                #expect(fetcher.ctl("req", names[3]).code == 0)
                #expect(fake.piecesServed == before, "it was asked while it was banned")
                try expectRefused(fake, by: fetcher)
                #expect(fake.refusals.count == refusals)
                #expect(fetcher.ctl("bans", "--lift", "\(ban?["id"].string ?? "")").code == 0)
                #expect(bans(at: fetcher).isEmpty)
                #expect(fetcher.ctl("who", names[0], "--json").output.contains(fake.address.description))
            }
        }

        private func bans(at peer: Peer) -> [String] {
            (peer.ctl("bans", "--json").json?["bans"].array ?? []).compactMap { $0["address"].string }
        }

        /// A connection that says the banned peer's name is closed with a reason.
        private func expectRefused(_ fake: FakePeer, by peer: Peer) throws {
            let connection = try WireConnection(greeting: peer.address, id: fake.id)
            #expect(connection.receive()?.type == .hello)
            guard case .refused(.banned, _)? = connection.receive() else {
                Issue.record("a banned peer was let in")
                return
            }
            #expect(connection.socket.isClosedByPeer())
        }

        @Test(
            "A holder that has nothing of what it offers keeps nobody waiting for longer than the timeout",
            arguments: [FakePeer.Behaviour.lacksAll, .callsOff])
        func empty(behaviour: FakePeer.Behaviour) throws {
            try Swarm.run { swarm in
                let original = swarm.scratch.path + "/original"
                try TestFile.write(original, length: 3 * mebibyte)
                let fake = try FakePeer(
                    try FakeFile(original, named: "a.bin"), behaviour, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [], and: fake)
                let reply = fetcher.ctl("req", "a.bin", "--timeout", "3", "--json", within: 30)
                #expect(reply.code == 75, "\(reply)")
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                // It has sent no wrong byte.
                #expect(bans(at: fetcher).isEmpty)
            }
        }

        @Test("Pieces that a file does not have, in an offer or in word of more, are refused with a reason")
        func beyondEnd() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addHolder(of: "a.bin", length: 9 * mebibyte)
                let file = try FakeFile(peer.path("a.bin"), named: "a.bin")
                let frames = [
                    FalseOffers.beyondEnd(file, request: 1), FalseOffers.longSet(file, request: 1),
                    FalseOffers.gainBeyondEnd(file),
                ]
                for frame in frames {
                    let connection = try WireConnection(greeting: peer.address)
                    #expect(connection.receive()?.type == .hello)
                    connection.socket.send(frame)
                    guard case .refused(.violation, let reason)? = connection.receive() else {
                        Issue.record("it was not refused: \(frame)")
                        continue
                    }
                    #expect(!reason.isEmpty)
                    #expect(connection.socket.isClosedByPeer())
                }
                #expect(peer.process.poll() == nil)
                #expect(peer.ctl("status").code == 0)
            }
        }
    }
}
