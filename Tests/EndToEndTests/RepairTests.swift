import Foundation
import TestSupport
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

        /// A piece of a file of this length.
        private static let piece = mebibyte / 4
        private static let rottenPieces = Array(stride(from: 1, to: 96, by: 3))

        /// A repair from a slow holder, which has begun when its daemon is killed.
        /// - Returns: the bytes that had come by then.
        private func runKilled(_ body: (_ swarm: Swarm, _ holder: Peer, _ peer: Peer, _ had: Int) throws -> Void) throws
        {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "2M"]) {
                    try TestFile.write("\($0)/a.bin", length: RepairTests.length)
                }
                try holder.awaitFiles("a.bin")
                var rotting: RottingFile?
                let peer = try swarm.addPeer { share in
                    try TestFile.write(share + "/a.bin", length: RepairTests.length)
                    rotting = RottingFile(share + "/a.bin")
                }
                try peer.awaitFiles("a.bin")
                try swarm.settle()
                for piece in RepairTests.rottenPieces { try rotting?.rot(at: piece * RepairTests.piece + 7) }
                // As long as it is mapped it is open for writing, and would not be hashed at the next start.
                rotting = nil
                let right = RepairTests.length - RepairTests.rottenPieces.count * RepairTests.piece
                let client = try peer.start("verify", "--repair", "a.bin")
                defer { client.process.end() }
                let have = try peer.awaitBytes(right + 4 * mebibyte, of: "a.bin")
                peer.kill()
                try body(swarm, holder, peer, have - right)
            }
        }

        /// Of a repair that was taken up again: bytes that are to come.
        private func missing(_ peer: Peer) throws -> Int {
            let line = try #require(peer.log.split(separator: "\n").last { $0.contains("taken up again") })
            let have = line.split(separator: " ").lazy.compactMap { field in
                field.hasPrefix("have=") ? Int(field.dropFirst("have=".count)) : nil
            }
            return RepairTests.length - (try #require(have.first))
        }

        private func awaitRepaired(_ peer: Peer, like holder: Peer) throws {
            try peer.awaitFiles("a.bin")
            #expect(TestFile.sameBytes(peer.path("a.bin"), holder.path("a.bin")))
            try eventually("the repair has ended") { peer.download("a.bin") == nil }
            #expect(try peer.partialFiles().isEmpty)
            #expect(peer.ctl("verify").code == 0)
        }

        @Test("A repair goes on by itself after its daemon was killed, and what was recorded does not come again")
        func killed() throws {
            try runKilled { _, holder, peer, had in
                try peer.restart()
                try peer.awaitReady()
                let missing = try missing(peer)
                let all = RepairTests.rottenPieces.count * RepairTests.piece
                // At most what came in the last second or two was not recorded.
                #expect((all - had...all - had + 5 * mebibyte).contains(missing), "\(missing) of \(all), had \(had)")
                #expect(missing < all)
                try awaitRepaired(peer, like: holder)
                #expect(peer.count("bytesIn") == missing)
                #expect(!peer.log.contains("may have been written to"))
            }
        }

        @Test("As long as a repair waits after a restart its file is told to be rotten, and not offered")
        func waits() throws {
            try runKilled { swarm, holder, peer, _ in
                holder.kill()
                try peer.restart()
                try peer.awaitReady()
                try awaitRotten(peer)
                let listed = peer.ctl("downloads").output
                #expect(listed.contains("repair") && listed.contains("a.bin"), "\(listed)")
                let other = try swarm.addPeer()
                try other.awaitRoster(of: [peer])
                #expect(other.ctl("who", "a.bin").code == 66)
                #expect(peer.ctl("pause", "a.bin").code == 0)
                try peer.terminate()
                try peer.restart()
                try holder.restart()
                try holder.awaitFiles("a.bin")
                try peer.awaitReady()
                try peer.awaitRoster(of: [holder])
                #expect(peer.download("a.bin")?["state"].string == "paused")
                #expect(peer.download("a.bin")?["kind"].string == "repair")
                try awaitRotten(peer)
                // Whoever asks for the same joins it, and takes it up again.
                let reply = peer.ctl("verify", "--repair", "a.bin", "--json")
                let told = reply.event("verified")
                #expect(reply.code == 0 && told?["result"].string == "repaired", "\(reply)")
                #expect(told?["badPieces"].int == RepairTests.rottenPieces.count)
                try awaitRepaired(peer, like: holder)
            }
        }

        private func awaitRotten(_ peer: Peer) throws {
            try eventually("the file is known to be rotten") {
                let file = peer.ctl("files", "--json").json?["files"].array.first { $0["name"].string == "a.bin" }
                return file?["state"].string == "error" && file?["cause"].string?.contains("verify") == true
            }
        }

        @Test(
            "Killed while it writes into the shared file, a peer offers nothing else than the right version, and mends it",
            arguments: Seeded.seeds(1))
        func killedWriting(seed: UInt64) throws {
            print("seed \(seed)")
            var random = Seeded(seed)
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: RepairTests.length)
                let peer = try swarm.addPeer { try TestFile.write("\($0)/a.bin", length: RepairTests.length) }
                let root = try peer.awaitFiles("a.bin")
                try swarm.settle()
                for _ in 0..<6 {
                    do {
                        let rotting = RottingFile(peer.path("a.bin"))
                        for piece in RepairTests.rottenPieces { try rotting.rot(at: piece * RepairTests.piece + 7) }
                    }
                    let before = try lastChange(of: peer.path("a.bin"))
                    let client = try peer.start("verify", "--repair", "a.bin")
                    let deadline = Deadline(Patience.seconds)
                    while try lastChange(of: peer.path("a.bin")) == before, !deadline.isOver { usleep(200) }
                    usleep(UInt32.random(in: 0...20_000, using: &random))
                    peer.kill()
                    client.process.end()
                    try peer.restart()
                    try peer.awaitReady()
                    try eventually("a.bin is right again") {
                        let offered = peer.files()["a.bin"]
                        if let offered, offered != root { throw Failure("seed \(seed): \(offered) is offered") }
                        return offered == root
                    }
                    #expect(TestFile.sameBytes(peer.path("a.bin"), holder.path("a.bin")))
                    try eventually("the repair has ended") { peer.download("a.bin") == nil }
                }
                #expect(peer.ctl("verify").code == 0)
            }
        }

        /// In nanoseconds: only the kernel sets it.
        private func lastChange(of path: String) throws -> Int {
            var status = stat()
            guard stat(path, &status) == 0 else { throw Failure("look at \(path): errno \(errno)") }
            return status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
        }

        @Test("A repair ends when its file was written to, or removed, while no daemon ran", arguments: [true, false])
        func overtaken(isRemoved: Bool) throws {
            try runKilled { _, holder, peer, _ in
                holder.kill()
                if isRemoved {
                    try FileManager.default.removeItem(atPath: peer.path("a.bin"))
                } else {
                    try "my own work".write(toFile: peer.path("a.bin"), atomically: false, encoding: .utf8)
                }
                try peer.restart()
                try peer.awaitReady()
                try eventually("the repair has ended") { peer.download("a.bin") == nil }
                try eventually("its partial file is gone") { try peer.partialFiles().isEmpty }
                #expect(peer.log.contains("download failed"))
                if isRemoved { return #expect(!TestFile.exists(peer.path("a.bin"))) }
                try peer.awaitFiles("a.bin")
                #expect(try String(contentsOfFile: peer.path("a.bin"), encoding: .utf8) == "my own work")
            }
        }

        @Test("A repair that is cancelled is not taken up again")
        func cancelled() throws {
            try runKilled { _, holder, peer, _ in
                holder.kill()
                try peer.restart()
                try peer.awaitReady()
                #expect(peer.ctl("cancel", "a.bin").code == 0)
                try peer.terminate()
                try peer.restart()
                try peer.awaitReady()
                #expect(peer.download("a.bin") == nil)
                #expect(try peer.partialFiles().isEmpty)
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
