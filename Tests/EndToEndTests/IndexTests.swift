import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The index of a share: what a restart remembers, and what is noticed while the daemon runs.
    @Suite(.serialized)
    struct IndexTests {
        /// Bytes that the daemon has read and hashed since it started.
        private func bytesHashed(_ peer: Peer) -> Int {
            peer.ctl("status", "--json").json?["indexing"]["bytesHashed"].int ?? .max
        }

        private func stop(_ peer: Peer) throws {
            #expect(peer.ctl("left").code == 0)
            #expect(try peer.process.wait() == .exited(0))
        }

        private func awaitIndex(_ peer: Peer) throws {
            try peer.awaitReady()
            try eventually("the share is indexed") {
                peer.ctl("status", "--json").json?["indexing"]["state"].string == "ready"
            }
        }

        private func append(_ count: Int, to path: String) throws {
            let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
            defer { close(file) }
            let bytes = [UInt8](repeating: 7, count: count)
            guard write(file, bytes, count) == count else { throw Failure("append to \(path): errno \(errno)") }
        }

        /// What `p2pctl files` says of one file.
        private func shown(_ name: String, at peer: Peer) -> JSON? {
            peer.ctl("files", "--json").json?["files"].array.first { $0["name"].string == name }
        }

        // MARK: Restart

        @Test("A restart with unchanged files offers all of them again without reading any")
        func restart() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addPeer { share in
                    for index in 0..<10 {
                        try TestFile.write("\(share)/d/\(index)", length: 8 * mebibyte, seed: UInt64(index))
                    }
                }
                try awaitIndex(peer)
                let files = peer.files()
                #expect(files.count == 10 && bytesHashed(peer) == 80 * mebibyte)
                try stop(peer)
                try peer.restart()
                try awaitIndex(peer)
                #expect(peer.files() == files)
                #expect(bytesHashed(peer) == 0)
            }
        }

        @Test("After a restart exactly what changed meanwhile is read: a file that is new, one that is other")
        func changedMeanwhile() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addPeer { share in
                    for index in 0..<10 {
                        try TestFile.write("\(share)/\(index)", length: 8 * mebibyte, seed: UInt64(index))
                    }
                }
                try awaitIndex(peer)
                let files = peer.files()
                try stop(peer)
                try append(1, to: peer.path("3"))
                try FileManager.default.removeItem(atPath: peer.path("4"))
                try TestFile.write(peer.path("new"), length: 1000)
                try peer.restart()
                try awaitIndex(peer)
                let after = peer.files()
                #expect(Set(after.keys) == Set(files.keys).subtracting(["4"]).union(["new"]))
                #expect(after.keys.filter { files[$0] == after[$0] }.count == 8)
                #expect(bytesHashed(peer) == 8 * mebibyte + 1 + 1000)
            }
        }

        @Test("Killed at any moment of its indexing, a peer goes on with what was written, and all roots are right")
        func killedWhileIndexing() throws {
            let seed = Seeded.seeds(1)[0]
            print("seed \(seed)")
            var random = Seeded(seed)
            try Swarm.run { swarm in
                let peer = try swarm.addPeer { share in
                    for index in 0..<1000 {
                        try TestFile.write("\(share)/\(index % 30)/\(index)", length: 1 + index, seed: UInt64(index))
                    }
                }
                // In every other life it is seen when the index is written; the next one is killed around that moment.
                var (begin, writing) = (now(), 0.3)
                for life in 1...20 {
                    if life.isMultiple(of: 2) {
                        try awaitWriting(peer)
                        writing = now() - begin
                        usleep(.random(in: 0..<20_000, using: &random))
                    } else {
                        let moment = begin + writing + .random(in: -0.02..<0.05, using: &random)
                        usleep(UInt32(max(0, moment - now()) * 1e6))
                    }
                    peer.kill()
                    for index in 0..<100 {
                        let name = "\(life)/new-\(index)"
                        try TestFile.write(peer.path(name), length: 1 + index, seed: UInt64(life * 1000 + index))
                    }
                    begin = now()
                    try peer.restart()
                }
                try awaitIndex(peer)
                let files = peer.files()
                #expect(files.count == 3000)
                #expect(!peer.log.contains("was kept as"))
                try stop(peer)
                try FileManager.default.removeItem(atPath: peer.state)
                try peer.restart()
                try awaitIndex(peer)
                #expect(peer.files() == files, "seed \(seed)")
            }
        }

        /// Waits until something is written to the database in this life.
        private func awaitWriting(_ peer: Peer) throws {
            let log = "\(peer.state)/p2pd.sqlite-wal"
            let before = modified(log)
            try eventually("the index is written") { modified(log) != before }
        }

        private func modified(_ path: String) -> [Int] {
            var info = stat()
            return stat(path, &info) == 0 ? [info.st_mtim.tv_sec, info.st_mtim.tv_nsec] : []
        }

        // MARK: The database

        @Test(
            "A database that was damaged or made by a newer release is set aside, and everything works",
            arguments: [true, false])
        func setAside(_ isNewer: Bool) throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let files = holder.files()
                try stop(holder)
                try damage("\(holder.state)/p2pd.sqlite", isNewer: isNewer)
                try holder.restart()
                try awaitIndex(holder)
                #expect(holder.files() == files)
                let kept = try FileManager.default.contentsOfDirectory(atPath: holder.state)
                #expect(kept.contains { $0.hasPrefix("p2pd.sqlite.\(isNewer ? "newer" : "corrupt")-") })
                #expect(holder.log.contains("was kept as"))
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                try stop(holder)
                try holder.restart()
                try awaitIndex(holder)
                #expect(holder.log.components(separatedBy: "was kept as").count == 2)
            }
        }

        private func damage(_ path: String, isNewer: Bool) throws {
            let file = open(path, O_RDWR)
            defer { close(file) }
            // The header's user_version, big-endian; or all of the first page behind the header.
            let bytes: [UInt8] = isNewer ? [0, 0, 0, 99] : Array(repeating: 0xA5, count: 3900)
            guard pwrite(file, bytes, bytes.count, isNewer ? 60 : 100) == bytes.count else {
                throw Failure("damage \(path): errno \(errno)")
            }
        }

        // MARK: While it runs

        @Test("A file that is put in, and one in a directory that is moved in, are fetched by others without a restart")
        func putIn() throws {
            try Swarm.run(peers: 2) { swarm in
                let (holder, fetcher) = (swarm.peers[0], swarm.peers[1])
                try TestFile.write(holder.path("new.bin"), length: 3 * mebibyte)
                let outside = swarm.scratch.path + "/outside"
                try TestFile.write("\(outside)/deep/er.bin", length: mebibyte, seed: 2)
                try FileManager.default.moveItem(atPath: outside, toPath: holder.path("inside"))
                try holder.awaitFiles("new.bin", "inside/deep/er.bin")
                for name in ["new.bin", "inside/deep/er.bin"] {
                    #expect(fetcher.ctl("req", name).code == 0)
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)))
                }
                try TestFile.write(holder.path("inside/later.bin"), length: 1000, seed: 3)
                try holder.awaitFiles("inside/later.bin")
                #expect(fetcher.ctl("req", "inside/later.bin").code == 0)
            }
        }

        @Test("A file that was changed a moment ago is asked for again until it is indexed, and comes as it is now")
        func justChanged() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                try append(5, to: holder.path("a.bin"))
                try eventually("the change is noticed", within: 1) { holder.files().isEmpty }
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A file that is written slowly is not offered before it is whole")
        func writtenSlowly() throws {
            try Swarm.run(peers: 1) { swarm in
                let peer = swarm.peers[0]
                let end = now() + 2
                while now() < end {
                    try append(1000, to: peer.path("slow.bin"))
                    #expect(peer.files().isEmpty)
                    usleep(100_000)
                }
                try append(1000, to: peer.path("slow.bin"))
                try eventually("it is offered", within: 3) { peer.files()["slow.bin"] != nil }
                let length = shown("slow.bin", at: peer)?["length"].int
                #expect(
                    length == (try FileManager.default.attributesOfItem(atPath: peer.path("slow.bin"))[.size] as? Int))
            }
        }

        @Test("A file whose writer pauses is not offered half-done, `files` says why, and it comes whole when closed")
        func writerPauses() throws {
            try Swarm.run(peers: 2) { swarm in
                let (holder, fetcher) = (swarm.peers[0], swarm.peers[1])
                let file = open(holder.path("half.bin"), O_WRONLY | O_CREAT, 0o600)
                let bytes = [UInt8](repeating: 7, count: mebibyte)
                #expect(write(file, bytes, bytes.count) == bytes.count)
                try eventually("it is found open", within: 5) {
                    shown("half.bin", at: holder)?["cause"].string?.contains("open for writing") == true
                }
                let end = now() + 2
                while now() < end {
                    #expect(shown("half.bin", at: holder)?["state"].string == "indexing")
                    usleep(100_000)
                }
                #expect(fetcher.ctl("req", "half.bin").code == 66)
                #expect(write(file, bytes, bytes.count) == bytes.count && close(file) == 0)
                try eventually("it is offered", within: 5) { holder.files()["half.bin"] != nil }
                #expect(fetcher.ctl("req", "half.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("half.bin"), holder.path("half.bin")))
                #expect(shown("half.bin", at: fetcher)?["length"].int == 2 * mebibyte)
            }
        }

        @Test("Files that are renamed, moved or removed are offered where they are, and nowhere else")
        func moved() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addPeer { share in
                    for name in ["a", "b", "d/e/x", "d/y"] { try TestFile.write("\(share)/\(name)", length: 1000) }
                }
                try awaitIndex(peer)
                rename(peer.path("a"), peer.path("renamed"))
                rename(peer.path("d"), peer.path("moved"))
                unlink(peer.path("b"))
                try eventually("the index has followed", within: 5) {
                    Set(peer.files().keys) == ["renamed", "moved/e/x", "moved/y"]
                }
            }
        }

        @Test("What cannot be shared is listed with its cause, and the rest is shared")
        func errors() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addPeer { share in
                    try TestFile.write("\(share)/good", length: 10)
                    try TestFile.write("\(share)/evil\u{7}", length: 10)
                }
                try awaitIndex(peer)
                #expect(shown("evil\\u{7}", at: peer)?["state"].string == "error")
                #expect(shown("evil\\u{7}", at: peer)?["cause"].string?.contains("control character") == true)
                #expect(shown("good", at: peer)?["state"].string == "ready")
                let text = peer.ctl("files").output
                #expect(text.hasPrefix("STATE") && text.contains("evil\\u{7}  (the name has a control character)"))
            }
        }

        @Test("An edit under an unchanged time of writing is a new version, and no repair takes it back")
        func editedInSecret() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addHolder(of: "a.bin", length: 3 * mebibyte)
                let other = try swarm.addHolder(of: "a.bin", length: 3 * mebibyte)
                try swarm.settle()
                let root = peer.files()["a.bin"]
                try edit(peer.path("a.bin"), at: mebibyte + 5)
                try eventually("the edit is offered") { ![nil, root].contains(peer.files()["a.bin"]) }
                #expect(peer.ctl("verify", "a.bin", "--repair").code == 0)
                #expect(!TestFile.sameBytes(peer.path("a.bin"), other.path("a.bin")))
                // Not even one that was made while nobody looked.
                let edited = peer.files()["a.bin"]
                try stop(peer)
                try edit(peer.path("a.bin"), at: 7)
                try peer.restart()
                try awaitIndex(peer)
                #expect(![nil, root, edited].contains(peer.files()["a.bin"]))
            }
        }

        /// Changes a byte and sets the time of the last write to what it was.
        private func edit(_ path: String, at offset: Int) throws {
            var info = stat()
            let file = open(path, O_RDWR)
            defer { close(file) }
            guard fstat(file, &info) == 0 else { throw Failure("look at \(path)") }
            try TestFile.flip(file, at: offset)
            guard futimens(file, [info.st_atim, info.st_mtim]) == 0 else { throw Failure("edit \(path)") }
        }
    }
}
