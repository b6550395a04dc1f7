import Foundation
import Testing
import Wire

extension EndToEnd {
    @Suite(.serialized)
    struct MembershipTests {
        @Test("Each peer that joined is on the roster of each other")
        func join() throws {
            try Swarm.run(peers: 3) { swarm in
                let all = Set(swarm.peers.map(\.address.description))
                for peer in swarm.peers {
                    let own = peer.address.description
                    #expect(peer.roster().subtracting([own]) == all.subtracting([own]))
                }
            }
        }

        @Test("All rosters of a swarm that came to rest have the same epoch")
        func sameEpoch() throws {
            try Swarm.run(peers: 3) { swarm in
                try eventually("the epochs are the same") {
                    Set(swarm.peers.compactMap { $0.ctl("peers", "--json").json?["epoch"].int }).count == 1
                }
            }
        }

        @Test("A peer that nobody can reach is on no roster, and says why and what to do")
        func unreachablePeer() throws {
            try Swarm.run(peers: 1) { swarm in
                let stranger = try WireConnection(greeting: swarm.manager.address)
                stranger.send(.newPeer(port: try Ports.next(), label: "nowhere"))
                var refusal: String?
                while let message = stranger.receive() {
                    if case .refused(.unreachable, let reason) = message { refusal = reason }
                    #expect(message.type == .hello || message.type == .refused)
                }
                #expect(refusal?.contains("nobody answers at 127.0.0.1:") == true)
                #expect(swarm.peers[0].roster().count == 1)
            }
        }

        @Test("`left` ends the daemon with 0 and takes it off the others' rosters")
        func left() throws {
            try Swarm.run(peers: 2) { swarm in
                let (goer, stayer) = (swarm.peers[0], swarm.peers[1])
                #expect(goer.ctl("left").code == 0)
                #expect(try goer.process.wait() == .exited(0))
                try stayer.awaitDeparture(of: goer)
            }
        }

        @Test("SIGTERM and SIGINT end both daemons with 0 within 5 seconds", arguments: [SIGTERM, SIGINT])
        func signals(signal: Int32) throws {
            try Swarm.run(peers: 2) { swarm in
                let (goer, stayer) = (swarm.peers[0], swarm.peers[1])
                goer.process.signal(signal)
                #expect(try goer.process.wait(within: 5) == .exited(0))
                try stayer.awaitDeparture(of: goer)
                swarm.manager.process.signal(signal)
                #expect(try swarm.manager.process.wait(within: 5) == .exited(0))
            }
        }

        @Test("A peer that is killed leaves the rosters at once, long before its silence would be noticed")
        func killedPeer() throws {
            try Swarm.run(peers: 2, settings: ["heartbeat_seconds = 60", "silence_seconds = 180"]) { swarm in
                swarm.peers[0].kill()
                try swarm.peers[1].awaitDeparture(of: swarm.peers[0])
            }
        }

        @Test("A peer that stops answering leaves the rosters, and is back when it answers again")
        func silentPeer() throws {
            try Swarm.run(peers: 2, settings: impatience) { swarm in
                swarm.peers[0].freeze()
                try swarm.peers[1].awaitDeparture(of: swarm.peers[0])
                swarm.peers[0].thaw()
                try swarm.settle()
            }
        }

        @Test("Peers that nothing happens to stay on the rosters past the time of silence")
        func heartbeat() throws {
            try Swarm.run(peers: 2, settings: impatience) { swarm in
                let deadline = now() + 5
                while now() < deadline {
                    #expect(swarm.peers[0].roster().contains(swarm.peers[1].address.description))
                    usleep(200_000)
                }
            }
        }

        @Test("With the manager killed, peers still fetch from each other, and join its successor")
        func killedManager() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: 3 * mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                swarm.manager.kill()
                try eventually("the peer has noticed") {
                    fetcher.ctl("status", "--json").json?["manager"]["state"].string != "joined"
                }
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                try swarm.manager.restart()
                try eventually("both have joined again") {
                    swarm.peers.allSatisfy { $0.ctl("status", "--json").json?["manager"]["state"].string == "joined" }
                }
                try swarm.addPeer()
                try swarm.settle()
            }
        }

        @Test("A swarm lives on IPv6 addresses too")
        func ipv6() throws {
            try Swarm.run(host: "::1") { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 2 * mebibyte + 1)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(holder.address.description.hasPrefix("[::1]:"))
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A peer is known by the address that it listens on and connects from, not by the manager's")
        func twoAddresses() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(bind: "127.0.0.2") { try TestFile.write($0 + "/a.bin", length: 100_000) }
                try holder.awaitFiles("a.bin")
                let fetcher = try swarm.addPeer(bind: "127.0.0.3")
                try swarm.settle()
                let reply = fetcher.ctl("req", "a.bin", "--json")
                #expect(reply.code == 0)
                #expect(reply.event("done")?["holders"].array.first?["address"].string == holder.address.description)
            }
        }
    }
}
