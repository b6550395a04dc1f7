import Foundation
import Testing

extension EndToEnd {
    /// Bytes of shared files that rot on the disk without a sign.
    @Suite(.serialized)
    struct VerifyTests {
        @Test(
            "What verify finds rotten is named and withdrawn, also after a restart, and its neighbours are fetched still"
        )
        func withdrawn() throws {
            try Swarm.run(inMemory: true) { swarm in
                var rotting: RottingFile?
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/well.bin", length: 2 * mebibyte, seed: 1)
                    try TestFile.write(share + "/deep/rotten.bin", length: 5 * mebibyte, seed: 2)
                    rotting = RottingFile(share + "/deep/rotten.bin")
                }
                try holder.awaitFiles("well.bin", "deep/rotten.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(holder.ctl("verify").code == 0)
                try rotting?.rot(at: 4 * mebibyte + 1)
                let reply = holder.ctl("verify", "--json")
                #expect(reply.code == 65, "\(reply)")
                let rotten = reply.lines.filter { $0["result"].string == "rotten" }
                #expect(rotten.compactMap { $0["name"].string } == ["deep/rotten.bin"])
                #expect(rotten.first?["badPieces"].int == 1)
                #expect(reply.event("done")?["ok"].int == 1)
                #expect(holder.ctl("verify").output.contains("deep/rotten.bin"))
                #expect(holder.files().keys.sorted() == ["well.bin"])
                // Whoever asks for it here is told, and does not make it good again by asking.
                for command in [["req"], ["req", "--background"], ["wait"]] {
                    let client = try Ctl(
                        ["--control", holder.control] + command + ["deep/rotten.bin"], in: swarm.scratch.path)
                    let told = try client.finish(within: 60)
                    #expect(told.code == 65)
                    #expect(told.errors.contains("p2pctl verify --repair"), "\(told)")
                }
                #expect(holder.files().keys.sorted() == ["well.bin"])
                #expect(fetcher.ctl("req", "deep/rotten.bin").code == 66)
                #expect(fetcher.ctl("req", "well.bin").code == 0)
                // Nobody was told a lie by it.
                #expect(fetcher.ctl("bans", "--json").json?["bans"].array.isEmpty == true)
                try holder.terminate()
                try holder.restart()
                try holder.awaitReady()
                try holder.awaitFiles("well.bin")
                #expect(holder.files().keys.sorted() == ["well.bin"])
            }
        }

        @Test(
            "A small file that has rotted unnoticed at the only holder fails alone; the rest of its directory comes",
            arguments: [false, true])
        func rottenSmall(_ isThird: Bool) throws {
            try Swarm.run(inMemory: true) { swarm in
                var rotting: RottingFile?
                let holder = try swarm.addPeer { share in
                    for index in 0..<200 {
                        try TestFile.write(share + "/top/d/\(index)", length: 3000, seed: UInt64(index + 1))
                    }
                    try FileManager.default.createDirectory(
                        atPath: share + "/top/d/empty", withIntermediateDirectories: true)
                    rotting = RottingFile(share + "/top/d/100")
                }
                try eventually("all are indexed") { holder.files().count == 200 }
                let (fetcher, other) = (try swarm.addPeer(), isThird ? try swarm.addPeer() : nil)
                try swarm.settle()
                #expect(fetcher.ctl("who", "top/d/").code == 0)
                try rotting?.rot(at: 1234)
                let reply = fetcher.ctl("req", "top/d/")
                #expect(reply.code == 65 && reply.output.contains("199 fetched, 1 failed"), "\(reply)")
                #expect(fetcher.files().count == 199 && fetcher.files()["top/d/100"] == nil)
                #expect(fetcher.download("top/d")?["state"].string == "failed")
                // What is here is no version for others, and whoever cancels it is rid of it.
                #expect(other?.ctl("who", "top/d/").output.contains("\(fetcher.address)") != true)
                #expect(fetcher.ctl("cancel", "top/d/").code == 0)
                try eventually("nothing is left") { !FileManager.default.fileExists(atPath: fetcher.path("top")) }
            }
        }

        @Test("A directory is not offered without its rotten file: whoever fetches it gets all of it, or is told")
        func rottenInDirectory() throws {
            try Swarm.run(inMemory: true) { swarm in
                var rotting: RottingFile?
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/d/well.bin", length: 1000, seed: 1)
                    try TestFile.write(share + "/d/rotten.bin", length: 5 * mebibyte, seed: 2)
                    rotting = RottingFile(share + "/d/rotten.bin")
                }
                try holder.awaitFiles("d/well.bin", "d/rotten.bin")
                let sound = try swarm.addPeer()
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(sound.ctl("req", "d/").code == 0)
                try rotting?.rot(at: 4 * mebibyte + 1)
                #expect(holder.ctl("verify").code == 65)
                let who = fetcher.ctl("who", "d/", "--json").json
                #expect(who?["versions"].array.count == 1 && who?["unfit"].array.count == 1)
                #expect(fetcher.ctl("req", "d/").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("d/rotten.bin"), sound.path("d/rotten.bin")))
                for peer in [sound, fetcher] { #expect(peer.ctl("left").code == 0) }
                for peer in [sound, fetcher] { try holder.awaitDeparture(of: peer) }
                let alone = try swarm.addPeer()
                try alone.awaitRoster(of: [holder])
                let told = alone.ctl("req", "d/")
                #expect(told.code == 66 && told.errors.contains("\(holder.address)"), "\(told)")
                #expect(holder.ctl("files").output.contains("rotten.bin is not to be had"))
                #expect(!TestFile.exists(alone.path("d")))
            }
        }

        @Test("A directory that has rotted, and that nobody else has, is told as that to its own peer")
        func rottenAlone() throws {
            try Swarm.run(inMemory: true) { swarm in
                var rotting: RottingFile?
                let peer = try swarm.addPeer { share in
                    try TestFile.write(share + "/d/a.bin", length: 5 * mebibyte, seed: 2)
                    rotting = RottingFile(share + "/d/a.bin")
                }
                try peer.awaitFiles("d/a.bin")
                try rotting?.rot(at: 4 * mebibyte + 1)
                #expect(peer.ctl("verify", "d/").code == 65)
                let told = peer.ctl("req", "d/")
                #expect(told.code == 65 && told.errors.contains("p2pctl verify --repair"), "\(told)")
                #expect(!told.errors.contains("--force"), "\(told)")
                // A repair that waits for somebody who has the file.
                let client = try peer.start("verify", "--repair", "d/")
                defer { client.process.end() }
                try eventually("the repair is asked for") { peer.ctl("verify", "d/").code == 65 }
                #expect(peer.ctl("wait", "d/").code == 65)
                let named = peer.ctl("verify", "d", "--json")
                #expect(named.code == 74 && named.event("verified")?["message"].string?.contains("d/") == true)
            }
        }

        @Test("What was here before and has rotted unnoticed is not written to --output or --stdout")
        func rottenOutput() throws {
            try Swarm.run(inMemory: true) { swarm in
                try swarm.addHolder(of: "a.bin", length: 3 * mebibyte)
                let peer = try swarm.addPeer { try TestFile.write("\($0)/a.bin", length: 3 * mebibyte) }
                try peer.awaitFiles("a.bin")
                try swarm.settle()
                let place = try swarm.emptyDirectory("place")
                #expect(peer.ctl("req", "a.bin", "--output", place + "/well").code == 0)
                let well = peer.ctl("req", "--stdout", "a.bin", "--json")
                #expect(well.code == 0)
                try RottingFile(peer.path("a.bin")).rot(at: 2 * mebibyte + 1)
                let copied = peer.ctl("req", "a.bin", "--output", place + "/rotten")
                #expect(copied.code == 65 && copied.errors.contains("p2pctl verify --repair"), "\(copied)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["well"])
                #expect(peer.ctl("files").output.contains("rotted") || peer.ctl("verify", "a.bin").code == 65)
                let streamed = peer.ctl("req", "--stdout", "a.bin")
                #expect(streamed.code == 65 && streamed.output.isEmpty)
                #expect(peer.ctl("verify", "--repair", "a.bin").code == 0)
                #expect(peer.ctl("req", "a.bin", "--output", place + "/mended").code == 0)
                #expect(TestFile.sameBytes(place + "/mended", place + "/well"))
            }
        }

        @Test("A directory stands for all below it, and what is still open for writing is told to be on its way")
        func directory() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addPeer { share in
                    for name in ["d/a", "d/e/b", "c"] { try TestFile.write("\(share)/\(name)", length: 1000) }
                }
                try peer.awaitFiles("d/a", "d/e/b", "c")
                let reply = peer.ctl("verify", "d/", "--json")
                #expect(reply.code == 0 && reply.event("done")?["files"].int == 2, "\(reply)")
                let names = reply.lines.filter { $0["result"].string == "ok" }.compactMap { $0["name"].string }
                #expect(names.sorted() == ["d/a", "d/e/b"])
                let none = peer.ctl("verify", "none/", "--json")
                #expect(none.code == 74 && none.event("verified")?["name"].string == "none/", "\(none)")
                #expect(none.event("verified")?["result"].string == "missing")
                let file = open(peer.path("c"), O_WRONLY | O_APPEND | O_CLOEXEC)
                defer { close(file) }
                guard write(file, "more", 4) == 4 else { throw Failure("write to c") }
                try eventually("it is withdrawn") { peer.files()["c"] == nil }
                let told = peer.ctl("verify", "c", "--json")
                #expect(told.code == 0 && told.event("verified")?["result"].string == "indexing", "\(told)")
            }
        }

        @Test("Rot that nobody has looked for harms only its own copy: whoever fetches it gets the file from another")
        func unnoticed() throws {
            try Swarm.run(inMemory: true) { swarm in
                var rotting: RottingFile?
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/a.bin", length: 8 * mebibyte)
                    rotting = RottingFile(share + "/a.bin")
                }
                try holder.awaitFiles("a.bin")
                let sound = try swarm.addHolder(of: "a.bin", length: 8 * mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                for piece in 0..<8 { try rotting?.rot(at: piece * mebibyte + 99) }
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), sound.path("a.bin")))
            }
        }
    }
}
