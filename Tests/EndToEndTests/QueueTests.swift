import Foundation
import Testing

extension EndToEnd {
    /// What clients do with downloads that run, and with the peers they come from.
    @Suite(.serialized)
    struct QueueTests {
        private static let slowly = ["--max-download", "4M"]

        @Test("A paused download stands still with what came, tells who waits for it, and resume takes it up")
        func pause() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 16 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: QueueTests.slowly)
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try fetcher.awaitBytes(1, of: "a.bin")
                let paused = fetcher.ctl("pause", "a.bin", "--json")
                #expect(paused.json?["names"].array.compactMap(\.string) == ["a.bin"], "\(paused)")
                #expect(try ctl.finish().code == 130)
                let state = fetcher.download("a.bin")
                #expect(state?["state"].string == "paused")
                #expect(state?["have"].int ?? 0 > 0)
                #expect(fetcher.ctl("wait", "a.bin").code == 130)
                // Paused once more, it is no change.
                #expect(fetcher.ctl("pause", "--all", "--json").json?["names"].array.isEmpty == true)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                #expect(fetcher.ctl("resume", "--all", "--json").json?["names"].array.count == 1)
                #expect(fetcher.ctl("wait", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("What is not being fetched can be neither paused nor resumed nor moved nor cancelled: 66")
        func unknown() throws {
            try Swarm.run(peers: 1) { swarm in
                for command in [["pause", "x"], ["resume", "x"], ["priority", "x", "5"], ["cancel", "x"]] {
                    let reply = try Ctl(["--control", swarm.peers[0].control] + command, in: swarm.scratch.path)
                        .finish()
                    #expect(reply.code == 66, "\(command) \(reply)")
                }
                #expect(swarm.peers[0].ctl("pause", "--all").code == 0)
            }
        }

        @Test("A download that was cancelled with --keep-data goes on from there when it is asked for again")
        func keepData() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 16 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: QueueTests.slowly)
                try swarm.settle()
                #expect(fetcher.ctl("req", "a.bin", "--background").code == 0)
                try fetcher.awaitBytes(1, of: "a.bin")
                #expect(fetcher.ctl("cancel", "a.bin", "--keep-data").code == 0)
                let kept = fetcher.download("a.bin")
                #expect(kept?["state"].string == "kept")
                #expect(kept?["have"].int ?? 0 > 0)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                let before = fetcher.ctl("status", "--json").json?["bytesIn"].int ?? 0
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                let fetched = (fetcher.ctl("status", "--json").json?["bytesIn"].int ?? 0) - before
                #expect(fetched < 16 * mebibyte)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("What was answered outlives a kill at that very moment: a request, a pause, a priority, a cancel")
        func answered() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 16 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: QueueTests.slowly)
                try fetcher.awaitRoster(of: [holder])
                func afterwards(_ command: String, _ options: [String] = []) throws -> JSON? {
                    let client = try Ctl(
                        ["--control", fetcher.control, command, "a.bin"] + options, in: swarm.scratch.path)
                    let reply = try client.finish(within: 60)
                    fetcher.kill()
                    #expect(reply.code == 0, "\(reply)")
                    try fetcher.restart()
                    try fetcher.awaitReady()
                    return fetcher.download("a.bin")
                }
                #expect(try afterwards("req", ["--background"]) != nil)
                #expect(try afterwards("pause")?["state"].string == "paused")
                #expect(try afterwards("priority", ["7"])?["priority"].int == 7)
                #expect(try afterwards("cancel") == nil)
            }
        }

        @Test("A higher priority goes first among those that wait for their turn, also one that is given later")
        func priority() throws {
            try Swarm.run { swarm in
                let names = (1...7).map { "\($0).bin" }
                let holder = try swarm.addPeer { share in
                    for (seed, name) in names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: 2 * mebibyte, seed: UInt64(seed + 1))
                    }
                }
                for name in names { try holder.awaitFiles(name) }
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "1M"])
                try swarm.settle()
                let command = ["--control", fetcher.control, "req", "--background", "--priority", "3"] + names
                #expect(try Ctl(command, in: swarm.scratch.path).finish().code == 0)
                let moved = fetcher.ctl("priority", "6.bin", "9", "--json")
                #expect(moved.json?["priority"].int == 9, "\(moved)")
                #expect(fetcher.ctl("priority", "5.bin", "-5").code == 0)
                #expect(fetcher.download("5.bin")?["priority"].int == -5)
                #expect(fetcher.download("7.bin")?["state"].string == "queued")
                #expect(fetcher.download("7.bin")?["priority"].int == 3)
                let waits = try ["5.bin", "6.bin", "7.bin"].map { try fetcher.start("wait", $0, "--json") }
                #expect(fetcher.ctl("limit", "--download", "4M").code == 0)
                for wait in waits { #expect(try wait.finish(within: 60).code == 0) }
                let ended = ["6.bin", "7.bin", "5.bin"].map { name in
                    fetcher.log.split(separator: "\n").firstIndex { $0.contains("finished") && $0.contains(name) } ?? -1
                }
                #expect(ended == ended.sorted() && !ended.contains(-1), "\(fetcher.log)")
            }
        }

        @Test("who lists every version with its holders, and what this peer has itself")
        func who() throws {
            try Swarm.run { swarm in
                let first = try swarm.addHolder(of: "a.bin", length: mebibyte, seed: 1)
                let second = try swarm.addHolder(like: first, of: "a.bin")
                let other = try swarm.addHolder(of: "a.bin", length: 5, seed: 2)
                try swarm.settle()
                let reply = other.ctl("who", "a.bin", "--json")
                let versions = reply.json?["versions"].array ?? []
                #expect(versions.first?["root"].string == first.files()["a.bin"], "\(reply)")
                #expect(versions.first?["length"].int == mebibyte)
                #expect(versions.first?["modified"].int ?? 0 > 1_700_000_000)
                let holders = versions.first?["holders"].array ?? []
                #expect(
                    Set(holders.compactMap { $0["address"].string })
                        == [first.address.description, second.address.description])
                #expect(holders.allSatisfy { $0["complete"].int == 1 && $0["have"].int == mebibyte })
                #expect(reply.json?["local"].string == other.files()["a.bin"])
                #expect(reply.json?["asked"].int == 2)
                #expect(versions.last?["root"].string == other.files()["a.bin"] && versions.count == 2)
                #expect(versions.last?["holders"].array.isEmpty == true)
                #expect(versions.last?["modified"].int ?? 0 > 1_700_000_000)
                #expect(other.ctl("who", "a.bin").output.contains("1: here"))
                let text = first.ctl("who", "a.bin").output
                #expect(text.contains("AGE") && text.contains("p2pctl req --root"))
                #expect(other.ctl("who", "none.bin").code == 66)
                #expect(other.ctl("who", "none.bin", "--json").event("error")?["exit"].int == 66)
            }
        }

        @Test("Of several versions --newest and --most-held take one, and what is replaced is kept unless not wished")
        func choices() throws {
            try Swarm.run { swarm in
                let old = try swarm.addHolder(of: "a.bin", length: mebibyte, seed: 1)
                let new = try swarm.addPeer { share in
                    try TestFile.write(share + "/a.bin", length: mebibyte + 1, seed: 2)
                    // An hour from now, whatever the file system's clock makes of it.
                    var times = [
                        timeval(tv_sec: time(nil) + 3600, tv_usec: 0), timeval(tv_sec: time(nil) + 3600, tv_usec: 0),
                    ]
                    utimes(share + "/a.bin", &times)
                }
                try new.awaitFiles("a.bin")
                // With what is here after the first choice, there are two of the new one.
                for _ in 0..<2 { try swarm.addHolder(like: old, of: "a.bin") }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "a.bin").code == 76)
                #expect(fetcher.ctl("req", "a.bin", "--newest").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), new.path("a.bin")))
                let replaced = fetcher.ctl("req", "a.bin", "--most-held", "--force", "--json")
                #expect(replaced.code == 0, "\(replaced)")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), old.path("a.bin")))
                let backup = replaced.event("done")?["backup"].string ?? "none"
                #expect(TestFile.sameBytes(fetcher.path(backup), new.path("a.bin")))
                #expect(
                    fetcher.ctl("req", "a.bin", "--newest", "--force", "--no-backup", "--json").event("done")?["backup"]
                        .string == nil)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), new.path("a.bin")))
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: fetcher.share).count { $0.hasSuffix("~") } == 1)
            }
        }

        @Test("Limits are shown, changed while a download runs, and shown in the status")
        func limit() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: 64 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: QueueTests.slowly)
                try swarm.settle()
                let shown = fetcher.ctl("limit", "--json").json
                #expect(shown?["download"].int == 4 * mebibyte)
                #expect(shown?["upload"].int == nil)
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                let begin = now()
                let changed = fetcher.ctl("limit", "--upload", "1.5M", "--download", "none", "--json").json
                #expect(changed?["upload"].int == 3 * mebibyte / 2)
                #expect(changed?["download"].int == nil)
                #expect(try ctl.finish().code == 0)
                #expect(now() - begin < 12, "at 4 MiB a second it would have taken 16 s")
                #expect(fetcher.ctl("status", "--json").json?["limits"]["upload"].int == 3 * mebibyte / 2)
                #expect(fetcher.ctl("limit").output == "upload    1.5M/s\ndownload  none\n")
                #expect(fetcher.ctl("limit", "--upload", "fast").code == 64)
            }
        }

        @Test("A peer that sent wrong pieces three times is banned, is not asked any more, and can be lifted")
        func bans() throws {
            try Swarm.run { swarm in
                let original = swarm.scratch.path + "/original"
                try TestFile.write(original, length: mebibyte)
                let fake = try FakePeer(
                    try FakeFile(original, named: "a.bin"), .wrongBytes, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [], and: fake)
                #expect(fetcher.ctl("bans").output == "nobody is banned\n")
                for _ in 0..<3 { #expect(fetcher.ctl("req", "a.bin").code == 65) }
                let ban = fetcher.ctl("bans", "--json").json?["bans"].array.first
                #expect(ban?["address"].string == fake.address.description)
                #expect((3000...3600).contains(ban?["secondsLeft"].int ?? 0))
                #expect(ban?["reason"].string?.isEmpty == false)
                #expect(fetcher.ctl("status", "--json").json?["bans"].int == 1)
                #expect(fetcher.ctl("req", "a.bin").code == 66)
                #expect(fetcher.ctl("bans", "--lift", "127.0.0.9").code == 66)
                let lifted = fetcher.ctl("bans", "--lift", "127.0.0.1", "--json").json
                #expect(lifted?["lifted"].int == 1)
                #expect(fetcher.ctl("req", "a.bin").code == 65)
                #expect(fetcher.ctl("bans", "--lift-all").code == 0)
            }
        }

        @Test("verify tells what is well, what was changed and what is not there")
        func verify() throws {
            try Swarm.run(inMemory: true) { swarm in
                var rotting: RottingFile?
                let peer = try swarm.addPeer { share in
                    try TestFile.write(share + "/well.bin", length: 2 * mebibyte)
                    try TestFile.write(share + "/rotten.bin", length: 3 * mebibyte)
                    rotting = RottingFile(share + "/rotten.bin")
                }
                try peer.awaitFiles("well.bin", "rotten.bin")
                #expect(peer.ctl("verify", "none.bin").code == 74)
                let well = peer.ctl("verify", "well.bin", "--json")
                #expect(well.code == 0, "\(well)")
                #expect(well.event("done")?["ok"].int == 1)
                #expect(well.event("done")?["bytes"].int == 2 * mebibyte)
                try rotting?.rot(at: mebibyte + 7)
                let rotten = peer.ctl("verify", "rotten.bin", "well.bin", "--json")
                #expect(rotten.code == 65, "\(rotten)")
                let told = rotten.lines.first { $0["name"].string == "rotten.bin" }
                #expect(told?["result"].string == "rotten")
                #expect(told?["badPieces"].int == 1)
                #expect(peer.ctl("verify", "rotten.bin").output.contains("--repair"))
                // It is not offered any more, and all that is known of is looked at.
                #expect(peer.files()["rotten.bin"] == nil)
                let all = peer.ctl("verify", "--json")
                #expect(all.code == 65)
                #expect(all.event("done")?["files"].int == 2)
            }
        }
    }
}
