import Foundation
import Testing

extension EndToEnd {
    /// Disks that are full, become full, and have room again.
    @Suite(.serialized, .enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
    struct SpaceTests {
        /// A peer whose share is a file system of its own.
        private func addPeer(
            _ swarm: Swarm, mebibytes: Int, inodes: Int? = nil, arguments: [String] = [], minFree: String = "0",
            _ body: (Peer, SmallDisk) throws -> Void
        ) throws {
            let path = "\(swarm.scratch.path)/peer\(swarm.peers.count + 1)"
            let disk = try SmallDisk(at: path, mebibytes: mebibytes, inodes: inodes)
            defer { disk.unmount() }
            let peer = try swarm.addPeer(arguments: arguments, environment: ["P2PD_MIN_FREE=\(minFree)"])
            defer { peer.kill() }
            try swarm.settle()
            try body(peer, disk)
        }

        private func addHolder(_ swarm: Swarm, _ files: [String: Int], arguments: [String] = []) throws -> Peer {
            let holder = try swarm.addPeer(arguments: arguments) { share in
                for (name, length) in files {
                    try TestFile.write("\(share)/\(name)", length: length, seed: UInt64(length))
                }
            }
            for name in files.keys { try holder.awaitFiles(name) }
            return holder
        }

        /// A peer that has a directory of files `tree/0`, `tree/1` and so on.
        private func addTree(_ swarm: Swarm, _ lengths: [Int], arguments: [String] = []) throws -> Peer {
            let holder = try swarm.addPeer(arguments: arguments) { share in
                for (index, length) in lengths.enumerated() {
                    try TestFile.write("\(share)/tree/\(index)", length: length, seed: UInt64(index + 1))
                }
            }
            try eventually("all are indexed") { holder.files().count == lengths.count }
            return holder
        }

        private func expectTree(of count: Int, at fetcher: Peer, as holder: Peer) {
            for name in (0..<count).map({ "tree/\($0)" }) {
                #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)))
            }
        }

        private func awaitPause(of name: String, at peer: Peer) throws -> Int {
            try eventually("\(name) is paused for want of room") {
                let download = peer.download(name)
                return download?["state"].string == "paused" && download?["needs"].int ?? 0 > 0
            }
            #expect(peer.download(name)?["cause"].string?.contains("the disk is full") == true)
            return peer.download(name)?["needs"].int ?? 0
        }

        @Test("On a disk of 1 MiB what does not fit is refused with what is missing before a byte of it is sent")
        func tooLarge() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["large.bin": 2 * mebibyte, "small.bin": mebibyte / 2])
                try addPeer(swarm, mebibytes: 1) { fetcher, _ in
                    let reply = fetcher.ctl("req", "large.bin", "--json")
                    #expect(reply.code == 74)
                    #expect(reply.event("error")?["cause"].string == "disk-full")
                    #expect(reply.event("error")?["errno"].int == 28)
                    let message = reply.event("error")?["message"].string ?? ""
                    #expect(message.contains("\(2 * mebibyte) bytes are needed") && message.contains("make room for"))
                    #expect(fetcher.count("bytesIn") == 0 && holder.count("bytesOut") == 0)
                    #expect(fetcher.ctl("req", "small.bin").code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("small.bin"), holder.path("small.bin")))
                }
            }
        }

        @Test("What cannot be put in place is kept whole, and is put there when it can be without being fetched again")
        func unplaced() throws {
            try Swarm.run { swarm in
                _ = try addHolder(swarm, ["sub/a.bin": 8 * mebibyte])
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
                try swarm.settle()
                #expect(fetcher.ctl("req", "--background", "sub/a.bin").code == 0)
                try fetcher.awaitBytes(mebibyte, of: "sub/a.bin")
                // Nothing can be renamed into another mount.
                let disk = try SmallDisk(at: fetcher.path("sub"), mebibytes: 1)
                defer { disk.unmount() }
                #expect(fetcher.ctl("wait", "sub/a.bin").code == 74)
                let failed = fetcher.download("sub/a.bin")
                #expect(failed?["state"].string == "failed" && failed?["have"].int == 8 * mebibyte)
                let came = fetcher.count("bytesIn")
                try fetcher.terminate()
                try fetcher.restart()
                try fetcher.awaitReady()
                #expect(fetcher.download("sub/a.bin")?["have"].int == 8 * mebibyte)
                disk.unmount()
                #expect(came == 8 * mebibyte && fetcher.ctl("req", "sub/a.bin").code == 0)
                #expect(fetcher.count("bytesIn") == 0)
            }
        }

        @Test("What could not be put in place is refused before a byte of it is sent, with what to do")
        func refusedEarly() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["sub/a.bin": 2 * mebibyte])
                let fetcher = try swarm.addPeer()
                let disk = try SmallDisk(at: fetcher.path("sub"), mebibytes: 1)
                defer { disk.unmount() }
                try swarm.settle()
                let reply = fetcher.ctl("req", "sub/a.bin")
                #expect(reply.code == 74 && reply.errors.contains("nothing was fetched"), "\(reply.errors)")
                #expect(holder.count("bytesOut") == 0)
            }
        }

        @Test("A disk that takes no more files is told as that, and what waits for it goes on when files are removed")
        func noInodes() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["a.bin": mebibyte, "b.bin": mebibyte])
                try addPeer(swarm, mebibytes: 16, inodes: 64) { fetcher, _ in
                    let fillers = (0..<64).map { fetcher.path(".filler\($0)") }
                        .filter { FileManager.default.createFile(atPath: $0, contents: nil) }
                    let reply = fetcher.ctl("req", "a.bin", "--json")
                    #expect(reply.code == 74)
                    let message = reply.event("error")?["message"].string ?? ""
                    #expect(message.contains("no inode") && !message.contains("more"))
                    #expect(fetcher.ctl("req", "--background", "b.bin").code == 0)
                    try eventually("b.bin waits for an inode") {
                        fetcher.download("b.bin")?["state"].string == "paused"
                    }
                    #expect(fetcher.download("b.bin")?["cause"].string?.contains("no inode") == true)
                    #expect(fetcher.download("b.bin")?["needs"].int == nil)
                    for filler in fillers { try FileManager.default.removeItem(atPath: filler) }
                    #expect(fetcher.ctl("wait", "b.bin").code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("b.bin"), holder.path("b.bin")))
                }
            }
        }

        @Test(
            "Room that a directory has for large files is not asked for again after a pause or kill",
            arguments: [false, true])
        func reservedMembers(isKilled: Bool) throws {
            try Swarm.run { swarm in
                let files = ["d/a": 20 * mebibyte, "d/b": 20 * mebibyte + 1, "d/c": 1000]
                let holder = try addHolder(swarm, files, arguments: ["--max-upload", "8M"])
                try addPeer(swarm, mebibytes: 56) { fetcher, _ in
                    #expect(fetcher.ctl("req", "d/", "--background").code == 0)
                    try eventually("its large files come") { fetcher.download("d")?["have"].int ?? 0 > 4 * mebibyte }
                    if isKilled {
                        fetcher.kill()
                        try fetcher.restart()
                        try fetcher.awaitReady()
                    } else {
                        #expect(fetcher.ctl("pause", "d/").code == 0)
                        let members = ["d/a", "d/b"].map { fetcher.download($0)?["have"].int ?? 0 }
                        #expect(fetcher.download("d")?["have"].int ?? 0 >= members.reduce(0, +))
                        #expect(fetcher.ctl("resume", "d/").code == 0)
                    }
                    let ended = fetcher.ctl("wait", "d/")
                    #expect(ended.code == 0, "\(ended) \(fetcher.ctl("downloads").output)")
                    for name in files.keys { #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name))) }
                }
            }
        }

        @Test("A directory whose files find no inode in the middle waits for one, and goes on then")
        func noInodesInside() throws {
            try Swarm.run { swarm in
                let files = Dictionary(uniqueKeysWithValues: (0..<80).map { ("d/\($0)", 1000 + $0) })
                let holder = try addHolder(swarm, files)
                try addPeer(swarm, mebibytes: 16, inodes: 64) { fetcher, _ in
                    let fillers = (0..<40).map { fetcher.path(".filler\($0)") }
                    for filler in fillers { FileManager.default.createFile(atPath: filler, contents: nil) }
                    let reply = fetcher.ctl("req", "d/", "--json")
                    #expect(reply.code == 74 && reply.event("error")?["cause"].string == "disk-full", "\(reply)")
                    #expect(reply.event("error")?["message"].string?.contains("no inode") == true, "\(reply)")
                    // What a worker was at when the last inode was taken gives some back.
                    try eventually("it waits for an inode") {
                        let waiting = fetcher.download("d")
                        return waiting?["state"].string == "paused" && waiting?["needs"].int == nil
                            && waiting?["cause"].string?.contains("no inode") == true
                    }
                    for filler in fillers { try FileManager.default.removeItem(atPath: filler) }
                    // There are 64 in all: it goes on, and comes to the end of them again.
                    try eventually("more of it comes") {
                        (try? FileManager.default.contentsOfDirectory(atPath: fetcher.path("d")).count) ?? 0 > 40
                    }
                    #expect(TestFile.sameBytes(fetcher.path("d/0"), holder.path("d/0")))
                }
            }
        }

        @Test(
            "Directories that cannot all be made for want of an inode are not made at all, and the download waits",
            arguments: ["d/1/2/3/4/leaf", "d/"])
        func noInodesAbove(name: String) throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["d/1/2/3/4/leaf": 1000])
                try addPeer(swarm, mebibytes: 16, inodes: 16) { fetcher, _ in
                    let fillers = (0..<16).map { fetcher.path(".filler\($0)") }
                        .filter { FileManager.default.createFile(atPath: $0, contents: nil) }
                    for filler in fillers.prefix(4) { try FileManager.default.removeItem(atPath: filler) }
                    #expect(fetcher.ctl("req", "--background", name).code == 0)
                    try eventually("it waits for inodes") {
                        let waiting = fetcher.download(name.hasSuffix("/") ? "d" : name)
                        return waiting?["state"].string == "paused" && waiting?["needs"].int == nil
                            && waiting?["cause"].string?.contains("no inode") == true
                    }
                    #expect(!FileManager.default.fileExists(atPath: fetcher.path("d")))
                    for filler in fillers.dropFirst(4) { try FileManager.default.removeItem(atPath: filler) }
                    #expect(fetcher.ctl("wait", name).code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("d/1/2/3/4/leaf"), holder.path("d/1/2/3/4/leaf")))
                }
            }
        }

        @Test("That nothing is recorded for want of room is told by `status`, with why, and what is fetched comes")
        func fullState() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["a.bin": mebibyte], arguments: ["--max-upload", "512K"])
                let path = "\(swarm.scratch.path)/peer\(swarm.peers.count + 1).state"
                let disk = try SmallDisk(at: path, mebibytes: 1)
                defer { disk.unmount() }
                let fetcher = try swarm.addPeer()
                defer { fetcher.kill() }
                try swarm.settle()
                #expect(fetcher.ctl("status", "--json").json?["stateError"].string == nil)
                try disk.fill(leaving: 0)
                #expect(fetcher.ctl("req", "--background", "a.bin").code == 0)
                #expect(fetcher.ctl("pause", "a.bin").code == 0)
                // The database's log has some room of its own for a while.
                try eventually("nothing more is recorded") {
                    _ = fetcher.ctl("priority", "a.bin", "1")
                    return fetcher.ctl("status", "--json").json?["stateError"].string != nil
                }
                #expect(fetcher.ctl("status").output.contains("downloads are not recorded"))
                try addUnrecorded(to: fetcher, holder)
                disk.clear()
                #expect(fetcher.ctl("priority", "a.bin", "2").code == 0)
                #expect(fetcher.ctl("status", "--json").json?["stateError"].string == nil)
                // It is recorded after all: the next daemon knows it.
                fetcher.kill()
                try fetcher.restart()
                try fetcher.awaitReady()
                #expect(fetcher.download("a.bin")?["priority"].int == 2)
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        /// What is begun and cannot be recorded is told to be so.
        private func addUnrecorded(to fetcher: Peer, _ holder: Peer) throws {
            try TestFile.write(holder.path("b.bin"), length: mebibyte, seed: 3)
            try holder.awaitFiles("b.bin")
            let begun = fetcher.ctl("req", "--background", "b.bin")
            #expect(begun.code == 0 && begun.output.contains("a restart of the daemon forgets it"), "\(begun)")
            #expect(fetcher.ctl("cancel", "b.bin").code == 0)
        }

        @Test("A directory that changes while there is no room for the state is offered as it is now")
        func fullStateOfHolder() throws {
            try Swarm.run { swarm in
                let path = "\(swarm.scratch.path)/peer\(swarm.peers.count + 1).state"
                let disk = try SmallDisk(at: path, mebibytes: 1)
                defer { disk.unmount() }
                let holder = try swarm.addPeer { share in try TestFile.write("\(share)/tree/a.bin", length: 1000) }
                defer { holder.kill() }
                try holder.awaitFiles("tree/a.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "tree/").code == 0)
                try disk.fill(leaving: 0)
                try TestFile.write(holder.path("tree/b.bin"), length: 2000)
                try holder.awaitFiles("tree/b.bin")
                let next = try swarm.addPeer()
                try next.awaitRoster(of: [holder])
                fetcher.kill()
                try next.awaitDeparture(of: fetcher)
                let reply = next.ctl("req", "tree/")
                #expect(reply.code == 0, "\(reply)")
                #expect(TestFile.sameBytes(next.path("tree/b.bin"), holder.path("tree/b.bin")))
            }
        }

        @Test(
            "In the background it waits for room, holds up no other download and no upload, and then goes on by itself")
        func waits() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["large.bin": 40 * mebibyte, "small.bin": 5 * mebibyte])
                try addPeer(swarm, mebibytes: 64) { fetcher, disk in
                    try disk.fill(leaving: 16 * mebibyte)
                    #expect(fetcher.ctl("req", "large.bin", "--background").code == 0)
                    let needed = try awaitPause(of: "large.bin", at: fetcher)
                    // There is no room still: that is what req would say.
                    #expect(fetcher.ctl("wait", "large.bin").code == 74)
                    #expect((23 * mebibyte...25 * mebibyte).contains(needed), "\(needed)")
                    #expect(fetcher.ctl("status", "--json").json?["downloads"]["paused"].int == 1)
                    #expect(fetcher.ctl("req", "small.bin").code == 0)
                    holder.freeze()
                    let other = try swarm.addPeer()
                    try other.awaitRoster(of: [fetcher])
                    #expect(other.ctl("req", "small.bin").code == 0)
                    #expect(TestFile.sameBytes(other.path("small.bin"), holder.path("small.bin")))
                    holder.thaw()
                    #expect(fetcher.download("large.bin")?["state"].string == "paused")
                    disk.clear()
                    #expect(fetcher.ctl("wait", "large.bin").code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("large.bin"), holder.path("large.bin")))
                }
            }
        }

        @Test("Of two that fit only one at a time one comes, and the other waits without beginning again and again")
        func oneOfTwo() throws {
            try Swarm.run { swarm in
                _ = try addHolder(swarm, ["a.bin": 40 * mebibyte, "b.bin": 41 * mebibyte])
                try addPeer(swarm, mebibytes: 64) { fetcher, _ in
                    #expect(fetcher.ctl("req", "--background", "a.bin", "b.bin").code == 0)
                    try eventually("one has come, and the other waits") {
                        fetcher.files().count == 1 && fetcher.download("a.bin") ?? fetcher.download("b.bin") != nil
                    }
                    let name = fetcher.files().keys.contains("a.bin") ? "b.bin" : "a.bin"
                    // As many as are missing are free at all times.
                    #expect((15 * mebibyte...19 * mebibyte).contains(try awaitPause(of: name, at: fetcher)))
                    usleep(5_000_000)
                    #expect(fetcher.log.components(separatedBy: "the disk is full").count <= 3, "\(fetcher.log)")
                }
            }
        }

        @Test("A disk that fills up in the middle, reservation or not, pauses that download, and it goes on from there")
        func middle() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(
                    swarm, ["large.bin": 24 * mebibyte, "small.bin": 12 * mebibyte], arguments: ["--max-upload", "8M"])
                try addPeer(swarm, mebibytes: 64) { fetcher, disk in
                    let ctl = try fetcher.start("req", "large.bin", "--json")
                    try fetcher.awaitBytes(3 * mebibyte, of: "large.bin")
                    #expect(fetcher.ctl("req", "small.bin", "--background").code == 0)
                    try fetcher.awaitBytes(1, of: "small.bin")
                    try disk.takeBack(18 * mebibyte..<24 * mebibyte, of: try reserved("large", 24, at: fetcher))
                    try disk.fill(leaving: 0)
                    let reply = try ctl.finish()
                    #expect(reply.code == 74, "\(reply)")
                    #expect(reply.event("error")?["errno"].int == 28)
                    _ = try awaitPause(of: "large.bin", at: fetcher)
                    let have = try #require(fetcher.download("large.bin")?["have"].int)
                    #expect(have >= 3 * mebibyte)
                    #expect(fetcher.ctl("wait", "small.bin").code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("small.bin"), holder.path("small.bin")))
                    let before = fetcher.count("bytesIn")
                    disk.clear()
                    #expect(fetcher.ctl("wait", "large.bin").code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("large.bin"), holder.path("large.bin")))
                    // A piece that could not be written, and one that was on its way.
                    #expect(fetcher.count("bytesIn") - before <= 24 * mebibyte - have + 2 * mebibyte)
                }
            }
        }

        /// The partial file of so many mebibytes.
        private func reserved(_ what: String, _ mebibytes: Int, at peer: Peer) throws -> String {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: peer.share).map(peer.path)
            let found = paths.first {
                var info = stat()
                return $0.contains("/.p2pd/") && stat($0, &info) == 0 && info.st_size == mebibytes * mebibyte
            }
            return try #require(found, "no partial file of \(what)")
        }

        @Test("A directory whose small files no longer fit is paused as well, and later fetches only what is missing")
        func tree() throws {
            try Swarm.run { swarm in
                let holder = try addTree(
                    swarm, [Int](repeating: 60_000, count: 240), arguments: ["--max-upload", "4M"])
                try addPeer(swarm, mebibytes: 64) { fetcher, disk in
                    #expect(fetcher.ctl("req", "tree/", "--background").code == 0)
                    try eventually("some have come") { fetcher.count("bytesIn") > 8 * mebibyte }
                    try disk.fill(leaving: mebibyte)
                    _ = try awaitPause(of: "tree", at: fetcher)
                    disk.clear()
                    #expect(fetcher.ctl("wait", "tree/").code == 0)
                    // What had no name yet when the disk was full, which is a second's worth, and what was on its way.
                    #expect(fetcher.count("bytesIn") <= 240 * 60_000 + 5 * mebibyte)
                    expectTree(of: 240, at: fetcher, as: holder)
                }
            }
        }

        @Test("Small files need the blocks that they take on the disk, not only their bytes")
        func blocks() throws {
            try Swarm.run { swarm in
                let holder = try addTree(swarm, (0..<1500).map { 100 + $0 % 400 })
                try addPeer(swarm, mebibytes: 5) { fetcher, disk in
                    let reply = fetcher.ctl("req", "tree/", "--json")
                    let message = reply.event("error")?["message"].string ?? ""
                    #expect(reply.code == 74 && message.contains("\(1500 * 4096) bytes are needed"), "\(reply)")
                    #expect(!FileManager.default.fileExists(atPath: fetcher.path("tree")))
                    #expect(holder.count("bytesOut") < mebibyte)
                }
            }
        }

        @Test(
            "Directories of small files that fit one at a time come one after the other, the first that was asked for first"
        )
        func treesInTurn() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for (tree, index) in ["s1", "s2"].flatMap({ tree in (0..<500).map { (tree, $0) } }) {
                        try TestFile.write("\(share)/\(tree)/\(index)", length: 4096, seed: UInt64(index + 1))
                    }
                }
                try eventually("all are indexed") { holder.files().count == 1000 }
                try addPeer(swarm, mebibytes: 3) { fetcher, _ in
                    let reply = fetcher.ctl("req", "s1/", "s2/")
                    #expect(reply.code == 74, "\(reply)")
                    let names = ["s1", "s2"].map { name in
                        (try? FileManager.default.contentsOfDirectory(atPath: fetcher.path(name)).count) ?? 0
                    }
                    #expect(names.sorted() == [0, 500], "\(names) \(reply)")
                }
            }
        }

        @Test("What is to stay free stays free also while small files come")
        func floorInside() throws {
            try Swarm.run { swarm in
                let holder = try addTree(swarm, (0..<240).map { 60_000 + $0 }, arguments: ["--max-upload", "4M"])
                try addPeer(swarm, mebibytes: 64, minFree: "24M") { fetcher, disk in
                    #expect(fetcher.ctl("req", "tree/", "--background").code == 0)
                    try eventually("some have come") { fetcher.count("bytesIn") > 4 * mebibyte }
                    try disk.fill(leaving: 25 * mebibyte)
                    let needed = try awaitPause(of: "tree", at: fetcher)
                    #expect(disk.free >= 24 * mebibyte && needed > 2 * mebibyte, "\(disk.free) \(needed)")
                    let cause = fetcher.ctl("req", "tree/", "--timeout", "5")
                    #expect(cause.code == 74 && cause.errors.contains("min_free"), "\(cause)")
                    disk.clear()
                    #expect(fetcher.ctl("wait", "tree/").code == 0)
                    expectTree(of: 240, at: fetcher, as: holder)
                }
            }
        }

        @Test("A directory whose large files no longer fit is paused as a whole, and leaves its place to others")
        func largeFiles() throws {
            try Swarm.run { swarm in
                let names = (0..<6).map { "tree/\($0).bin" }
                var files = Dictionary(uniqueKeysWithValues: names.map { ($0, 8 * mebibyte) })
                files["small.bin"] = mebibyte / 2
                let holder = try addHolder(swarm, files, arguments: ["--max-upload", "6M"])
                try addPeer(swarm, mebibytes: 64) { fetcher, disk in
                    #expect(fetcher.ctl("req", "tree/", "--background").code == 0)
                    try eventually("some have come") { fetcher.count("bytesIn") > 4 * mebibyte }
                    try disk.fill(leaving: mebibyte)
                    _ = try awaitPause(of: "tree", at: fetcher)
                    #expect(fetcher.ctl("req", "tree/", "--timeout", "5").code == 74)
                    #expect(fetcher.ctl("req", "small.bin", "--timeout", "5").code == 0)
                    disk.clear()
                    #expect(fetcher.ctl("wait", "tree/").code == 0)
                    for name in names { #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name))) }
                }
            }
        }

        @Test("Of a directory that does not fit nothing is left, which would look like a version of it")
        func nothingLeft() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for index in 0..<4 {
                        try TestFile.write("\(share)/tree/sub/\(index)", length: mebibyte, seed: UInt64(index + 1))
                    }
                }
                try eventually("all are indexed") { holder.files().count == 4 }
                try addPeer(swarm, mebibytes: 2) { fetcher, _ in
                    #expect(fetcher.ctl("req", "tree/").code == 74)
                    #expect(!FileManager.default.fileExists(atPath: fetcher.path("tree")))
                    #expect(fetcher.ctl("wait", "tree/").code == 66)
                    #expect(holder.ctl("who", "tree/", "--json").json?["versions"].array.count == 1)
                }
            }
        }

        @Test("What is to stay free stays free")
        func floor() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm, ["large.bin": 40 * mebibyte, "small.bin": 20 * mebibyte])
                try addPeer(swarm, mebibytes: 64, minFree: "32M") { fetcher, disk in
                    let reply = fetcher.ctl("req", "large.bin", "--json")
                    #expect(reply.code == 74)
                    #expect(reply.event("error")?["message"].string?.contains("min_free") == true)
                    #expect(fetcher.count("bytesIn") == 0)
                    #expect(fetcher.ctl("req", "small.bin").code == 0)
                    #expect(TestFile.sameBytes(fetcher.path("small.bin"), holder.path("small.bin")))
                    #expect(disk.free >= 32 * mebibyte)
                }
            }
        }
    }
}
