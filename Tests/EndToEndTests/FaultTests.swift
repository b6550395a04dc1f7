import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct FaultTests {
        @Test("A holder that is killed in the middle is made up for by the other")
        func holderKilled() throws {
            try Swarm.run { swarm in
                let first = try swarm.addHolder(of: "a.bin", length: longFile)
                let second = try swarm.addHolder(like: first, of: "a.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                first.freeze()
                second.freeze()
                try #require(ctl.process.poll() == nil, "the transfer was over before the holder could be killed")
                first.kill()
                second.thaw()
                #expect(try ctl.finish(within: 120).code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), second.path("a.bin")))
            }
        }

        @Test("A holder that hangs in the middle is made up for by the other")
        func holderHangs() throws {
            try Swarm.run { swarm in
                let first = try swarm.addHolder(of: "a.bin", length: longFile)
                let second = try swarm.addHolder(like: first, of: "a.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                first.freeze()
                #expect(try ctl.finish(within: 120).code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), second.path("a.bin")))
            }
        }

        @Test("With its only holder gone a download is 75 after the timeout, and ends by itself when one is back")
        func onlyHolderKilled() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: longFile)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json", "--timeout", "3")
                try ctl.awaitEvent("found")
                holder.kill()
                let reply = try ctl.finish(within: 60)
                #expect(reply.code == 75)
                #expect(reply.event("error")?["exit"].int == 75)
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                #expect(fetcher.ctl("downloads", "--json").json?["downloads"].array.first?["state"].string == "waiting")
                try holder.restart()
                try eventually("the download is whole", within: 120) { TestFile.exists(fetcher.path("a.bin")) }
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A file that changed after it was indexed is not served as what it was")
        func changedFile() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 2 * mebibyte, seed: 1)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let root = try #require(holder.files()["a.bin"])
                try TestFile.write(holder.path("a.bin"), length: 2 * mebibyte, seed: 2)
                let reply = fetcher.ctl("req", "a.bin", "--root", root, "--timeout", "5")
                #expect(reply.code != 0)
                #expect(!TestFile.exists(fetcher.path("a.bin")))
            }
        }

        @Test("A peer whose share goes away waits for it, and offers what is in it when it is back")
        func lostShare() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let elsewhere = holder.share + ".elsewhere"
                try FileManager.default.moveItem(atPath: holder.share, toPath: elsewhere)
                try fetcher.awaitDeparture(of: holder)
                #expect(fetcher.ctl("req", "a.bin").code == 66)
                #expect(holder.process.poll() == nil)
                try FileManager.default.moveItem(atPath: elsewhere, toPath: holder.share)
                try holder.awaitFiles("a.bin")
                try swarm.settle()
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                try holder.terminate()
            }
        }

        @Test("A download that is through while the share is elsewhere goes on by itself when it is back")
        func shareMovedWhileFetching() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 4 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
                try swarm.settle()
                #expect(fetcher.ctl("req", "--background", "a.bin").code == 0)
                try fetcher.awaitBytes(1, of: "a.bin")
                let elsewhere = fetcher.share + ".elsewhere"
                try FileManager.default.moveItem(atPath: fetcher.share, toPath: elsewhere)
                try eventually("it waits") { fetcher.log.contains("waiting for a directory") }
                try FileManager.default.moveItem(atPath: elsewhere, toPath: fetcher.share)
                try eventually("it has the file") { TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")) }
                #expect(fetcher.ctl("wait", "a.bin").code == 0)
            }
        }

        @Test("A peer that waits for its share ends when it is asked to")
        func endsWithoutShare() throws {
            try Swarm.run(peers: 1) { swarm in
                let peer = swarm.peers[0]
                try FileManager.default.moveItem(atPath: peer.share, toPath: peer.share + ".elsewhere")
                try eventually("it waits") { peer.log.contains("waiting for a directory") }
                try peer.terminate()
            }
        }

        @Test("A file that vanished after it was indexed is not served, and the holder goes on")
        func vanishedFile() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/gone.bin", length: mebibyte, seed: 1)
                    try TestFile.write(share + "/there.bin", length: mebibyte, seed: 2)
                }
                try holder.awaitFiles("gone.bin", "there.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                try FileManager.default.removeItem(atPath: holder.path("gone.bin"))
                #expect(fetcher.ctl("req", "gone.bin", "--timeout", "5").code != 0)
                #expect(fetcher.ctl("req", "there.bin").code == 0)
            }
        }
    }
}
