import Foundation
import Testing

extension EndToEnd {
    /// Several names in one command, and downloads in the background.
    @Suite(.serialized)
    struct SeveralNamesTests {
        private static let names = (1...6).map { "\($0).bin" }

        private static func addHolder(_ swarm: Swarm, length: Int = mebibyte) throws -> Peer {
            let holder = try swarm.addPeer { share in
                for (seed, name) in names.enumerated() {
                    try TestFile.write("\(share)/\(name)", length: length, seed: UInt64(seed + 1))
                }
            }
            for name in names { try holder.awaitFiles(name) }
            return holder
        }

        @Test("All names of one command are fetched, and each is told with its name")
        func all() throws {
            try Swarm.run { swarm in
                let holder = try SeveralNamesTests.addHolder(swarm)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let command = ["--control", fetcher.control, "req", "--json"] + SeveralNamesTests.names
                let reply = try Ctl(command, in: swarm.scratch.path).finish()
                #expect(reply.code == 0, "\(reply)")
                let done = reply.lines.filter { $0["event"].string == "done" }.compactMap { $0["name"].string }
                #expect(done.sorted() == SeveralNamesTests.names)
                for name in SeveralNamesTests.names {
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)))
                }
            }
        }

        @Test("One that fails stops no other, and the first in the order given that failed decides the code")
        func someFail() throws {
            try Swarm.run { swarm in
                _ = try SeveralNamesTests.addHolder(swarm)
                let fetcher = try swarm.addPeer { try TestFile.write($0 + "/2.bin", length: 5, seed: 77) }
                try fetcher.awaitFiles("2.bin")
                try swarm.settle()
                let reply = fetcher.ctl("req", "1.bin", "2.bin", "none.bin", "3.bin", "--json")
                #expect(reply.code == 73, "\(reply)")
                #expect(fetcher.ctl("req", "none.bin", "2.bin", "1.bin").code == 66)
                let failed = reply.lines.filter { $0["event"].string == "error" }
                #expect(Set(failed.compactMap { $0["name"].string }) == ["2.bin", "none.bin"])
                #expect(Set(failed.compactMap { $0["exit"].int }) == [73, 66])
                for name in ["1.bin", "3.bin"] { #expect(TestFile.exists(fetcher.path(name))) }
            }
        }

        @Test("In the background p2pctl returns at once, and wait ends when all are in the share")
        func background() throws {
            try Swarm.run { swarm in
                let holder = try SeveralNamesTests.addHolder(swarm, length: 8 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "16M"])
                try swarm.settle()
                let names = SeveralNamesTests.names
                let reply = try Ctl(
                    ["--control", fetcher.control, "req", "--background", "--json"] + names, in: swarm.scratch.path
                ).finish()
                #expect(reply.code == 0, "\(reply)")
                let states = reply.lines.filter { $0["event"].string == "done" }.compactMap { $0["state"].string }
                // At most four run at a time.
                #expect(states.count == names.count && states.allSatisfy(["queued", "fetching"].contains))
                #expect(states.contains("queued"))
                #expect(fetcher.ctl("downloads", "--json").json?["downloads"].array.isEmpty == false)
                let waited = try Ctl(["--control", fetcher.control, "wait"] + names, in: swarm.scratch.path).finish(
                    within: 60)
                #expect(waited.code == 0, "\(waited)")
                for name in names { #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name))) }
                #expect(fetcher.ctl("downloads", "--json").json?["downloads"].array.isEmpty == true)
            }
        }

        @Test("To wait for what is here is done at once, for what nobody asked for it is 66")
        func waitForNothing() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addHolder(of: "a.bin", length: 5)
                let reply = peer.ctl("wait", "a.bin", "--json")
                #expect(reply.code == 0, "\(reply)")
                #expect(reply.event("done")?["already"].int == 1)
                #expect(peer.ctl("wait", "none.bin").code == 66)
                #expect(peer.ctl("wait", "a.bin", "none.bin").code == 66)
            }
        }
    }
}
