import Content
import Foundation
import Testing
import Wire

extension EndToEnd {
    /// Limits and slots. Of time, only that not too much passed in it is asserted: a busy machine makes less.
    @Suite(.serialized)
    struct RateTests {
        private static let rate = 4 * mebibyte
        /// What may pass at once after a pause: a tenth of a second's worth.
        private static let burst = rate / 10 + 1

        /// Compares one of a peer's counts of bytes with the time since `start`.
        private func expectWithinLimit(_ peer: Peer, _ count: String, since start: Double, slack: Int = 0) throws {
            let bytes = try #require(peer.ctl("status", "--json").json?[count].int)
            let most = Double(Self.rate) * (now() - start) + Double(Self.burst + slack)
            #expect(Double(bytes) <= most, "\(bytes) bytes in \(now() - start) s")
        }

        @Test("A limit on what is sent holds for all fetchers together")
        func upload() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "4M"]) {
                    try TestFile.write("\($0)/a.bin", length: 12 * mebibyte)
                }
                try holder.awaitFiles("a.bin")
                let fetchers = try (0..<2).map { _ in try swarm.addPeer() }
                try swarm.settle()
                let start = now()
                let running = try fetchers.map { try $0.start("req", "a.bin") }
                while running.contains(where: { $0.process.poll() == nil }) {
                    try expectWithinLimit(holder, "bytesOut", since: start)
                    usleep(200_000)
                }
                try expectWithinLimit(holder, "bytesOut", since: start)
                for ctl in running { #expect(try ctl.finish().code == 0) }
                for fetcher in fetchers { #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin"))) }
            }
        }

        @Test("A limit on what is received holds for all holders together, and can be seen")
        func download() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 12 * mebibyte)
                try swarm.addHolder(like: holder, of: "a.bin")
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
                try swarm.settle()
                let limits = fetcher.ctl("status", "--json").json?["limits"]
                #expect(limits?["download"].int == Self.rate && limits?["upload"].int == nil)
                let start = now()
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                // What lies behind a header is read with it, and counted afterwards.
                try expectWithinLimit(fetcher, "bytesIn", since: start, slack: 2 * 65_536)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test(
            "What is asked while a large file comes at a low rate does not wait for its pieces, which take half a minute each",
            arguments: ["--max-download", "--max-upload"])
        func besideLarge(_ limit: String) throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(arguments: limit == "--max-upload" ? [limit, "32K"] : []) {
                    try TestFile.write("\($0)/large.bin", length: 8 * mebibyte)
                    try TestFile.write("\($0)/small.bin", length: 20_000, seed: 2)
                }
                try holder.awaitFiles("large.bin", "small.bin")
                let fetcher = try swarm.addPeer(arguments: limit == "--max-download" ? [limit, "32K"] : [])
                try swarm.settle()
                #expect(fetcher.ctl("req", "large.bin", "--background").code == 0)
                try eventually("it comes") { fetcher.count("bytesIn") > 65_536 }
                let found = fetcher.ctl("who", "small.bin")
                #expect(found.code == 0, "\(found)")
                let reply = fetcher.ctl("req", "small.bin", "--timeout", "15")
                #expect(reply.code == 0, "\(reply)")
                #expect(TestFile.sameBytes(fetcher.path("small.bin"), holder.path("small.bin")))
            }
        }

        @Test("Of a directory of small files that comes slowly a kill costs what came in a second or two, not all")
        func slowDirectory() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for index in 0..<300 {
                        try TestFile.write("\(share)/d/\(index)", length: 2000, seed: UInt64(index + 1))
                    }
                }
                try eventually("all are indexed") { holder.files().count == 300 }
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "40K"])
                try swarm.settle()
                #expect(fetcher.ctl("req", "d/", "--background").code == 0)
                try eventually("a part has come") { fetcher.count("bytesIn") > 200_000 }
                fetcher.kill()
                let kept = (try? FileManager.default.contentsOfDirectory(atPath: fetcher.path("d")).count) ?? 0
                #expect(kept > 30, "\(kept) of some 90")
            }
        }

        @Test("With one slot, and a limit, whoever comes second gets its part", arguments: ["24K", "95K"])
        func secondRequester(_ limit: String) throws {
            try Swarm.run { swarm in
                let slots = limit == "95K" ? ["P2PD_UPLOAD_SLOTS=1"] : []
                let holder = try swarm.addPeer(arguments: ["--max-upload", limit], environment: slots) { share in
                    try TestFile.write("\(share)/a.bin", length: 40 * mebibyte)
                    try TestFile.write("\(share)/b.bin", length: 40 * mebibyte, seed: 2)
                }
                try holder.awaitFiles("a.bin", "b.bin")
                let (first, second) = (try swarm.addPeer(), try swarm.addPeer())
                try swarm.settle()
                #expect(first.ctl("req", "a.bin", "--background").code == 0)
                try eventually("the first gets something") { first.count("bytesIn") > 65_536 }
                #expect(second.ctl("req", "b.bin", "--background").code == 0)
                try eventually("the second gets something, too", within: 28) { second.count("bytesIn") > 65_536 }
            }
        }

        @Test("Who reads slowly on several connections, by its own limit, loses none of them")
        func slowReader() throws {
            try Swarm.run { swarm in
                let names = ["a.bin", "b.bin", "c.bin"]
                let holder = try swarm.addPeer { share in
                    for (seed, name) in names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: 4 * mebibyte, seed: UInt64(seed + 1))
                    }
                }
                try eventually("all are indexed") { holder.files().count == names.count }
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "48K"])
                try swarm.settle()
                for name in names {
                    #expect(fetcher.ctl("req", name, "--background").code == 0)
                    // Its pieces take half a minute, so the next is asked for on another connection.
                    usleep(1_500_000)
                }
                let connections = holder.count("connections")
                usleep(25_000_000)
                #expect(connections > 1 && holder.count("connections") == connections)
                #expect(!fetcher.log.contains("no holder left"))
            }
        }

        @Test("A low limit that is lifted leaves no connection slow")
        func lifted() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 64 * mebibyte)
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "24K"])
                try swarm.settle()
                #expect(fetcher.ctl("req", "a.bin", "--background").code == 0)
                try eventually("it comes") { fetcher.count("bytesIn") > 65_536 }
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                // At the rate that a small buffer would leave it, it would take ten minutes.
                #expect(fetcher.ctl("wait", "a.bin", within: 60).code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("Networks can be exempt from the limits")
        func exempt() throws {
            try Swarm.run { swarm in
                let free = ["P2PD_UNLIMITED_NETWORKS=127.0.0.0/8,fd00::/8"]
                let holder = try swarm.addPeer(arguments: ["--max-upload", "16K"], environment: free) {
                    try TestFile.write("\($0)/a.bin", length: 16 * mebibyte)
                }
                try holder.awaitFiles("a.bin")
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "16K"], environment: free)
                try swarm.settle()
                // With the limit it would take a quarter of an hour.
                #expect(fetcher.ctl("req", "a.bin").code == 0)
            }
        }

        @Test("A limit that is set in the middle of a transfer holds from then on, and one that is lifted does not")
        func changedWhileRunning() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "16K"]) {
                    try TestFile.write("\($0)/a.bin", length: 24 * mebibyte)
                }
                try holder.awaitFiles("a.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let running = try fetcher.start("req", "a.bin")
                try eventually("the transfer has begun") {
                    holder.ctl("status", "--json").json?["bytesOut"].int ?? 0 > 0
                }
                let start = now()
                let before = try #require(holder.ctl("status", "--json").json?["bytesOut"].int)
                #expect(holder.ctl("limit", "--upload", "4M", "--json").json?["upload"].int == Self.rate)
                usleep(1_000_000)
                try expectWithinLimit(holder, "bytesOut", since: start, slack: before)
                #expect(holder.ctl("limit", "--upload", "none").code == 0)
                #expect(try running.finish().code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A rate that is none ends the daemon with 64, in words", arguments: ["fast", "50Mb", "-1M"])
        func usage(_ text: String) throws {
            let scratch = try Scratch()
            defer { scratch.remove() }
            let errors = "\(scratch.path)/errors"
            let child = try Child(
                Programs.p2pd, ["peer", "7001", scratch.path, "--max-upload=\(text)"],
                environment: Swarm.environment(scratch.path),
                streams: Child.Streams(output: "\(scratch.path)/output", errors: errors))
            #expect(try child.wait(within: Patience.seconds) == .exited(64))
            #expect(child.errors.contains("--max-upload: \"\(text)\" is not a rate; write bytes a second as in 50M"))
        }

        // MARK: Slots

        /// The root of the only file that a holder shares, which has this length.
        private func root(of file: String, length: Int, at holder: Peer) throws -> FileRoot {
            let hex = try #require(holder.files()[file])
            let digest = try #require(Digest(hex: hex))
            return FileRoot(digest: digest, length: UInt64(length))
        }

        @Test("Who asks for much and reads nothing keeps nobody from being served, with a single slot")
        func stuck() throws {
            try Swarm.run { swarm in
                let length = 48 * mebibyte
                let holder = try swarm.addPeer(environment: ["P2PD_UPLOAD_SLOTS=1"]) {
                    try TestFile.write("\($0)/a.bin", length: length)
                }
                try holder.awaitFiles("a.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let stuck = try WireConnection(greeting: holder.address)
                stuck.send(.chunk(try root(of: "a.bin", length: length, at: holder), first: 0, count: 48))
                try eventually("the holder has begun to send") {
                    holder.ctl("status", "--json").json?["bytesOut"].int ?? 0 > 0
                }
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("Who would wait long for a slot is told when to come back")
        func busy() throws {
            try Swarm.run { swarm in
                let length = 8 * mebibyte
                let holder = try swarm.addPeer(
                    arguments: ["--max-upload", "3K"], environment: ["P2PD_UPLOAD_SLOTS=1"]
                ) { try TestFile.write("\($0)/a.bin", length: length) }
                try holder.awaitFiles("a.bin")
                let root = try root(of: "a.bin", length: length, at: holder)
                let first = try WireConnection(greeting: holder.address)
                first.send(.chunk(root, first: 0, count: 8))
                #expect(first.receive()?.type == .hello)
                #expect(first.receive() == .piece(index: 0, length: mebibyte))
                let second = try WireConnection(greeting: holder.address)
                second.send(.chunk(root, first: 0, count: 4), .chunk(root, first: 4, count: 4))
                #expect(second.receive()?.type == .hello)
                var retries: [Int: UInt32] = [:]
                while retries.count < 2 {
                    let message = try #require(second.receive())
                    // It is told who else fetches the file, too.
                    guard case .busy(let first, let retryAfter) = message else {
                        #expect(message.type == .introduce)
                        continue
                    }
                    retries[first] = retryAfter
                }
                #expect(Set(retries.keys) == [0, 4])
                #expect(retries.values.allSatisfy { (500...30_000).contains($0) })
            }
        }

        // MARK: Changes while it is served

        @Test("A file that changes while it is served ends the chunk as gone, though all its pieces came")
        func changed() throws {
            try Swarm.run { swarm in
                let length = 3 * mebibyte
                let holder = try swarm.addPeer(arguments: ["--max-upload", "512K"]) {
                    try TestFile.write("\($0)/a.bin", length: length)
                }
                try holder.awaitFiles("a.bin")
                let root = try root(of: "a.bin", length: length, at: holder)
                let peer = try WireConnection(greeting: holder.address)
                peer.send(.chunk(root, first: 2, count: 1))
                #expect(peer.receive()?.type == .hello)
                #expect(peer.receive() == .piece(index: 2, length: mebibyte))
                // Two seconds pass until the last byte of the piece goes out.
                let file = try FileHandle(forUpdating: URL(fileURLWithPath: holder.path("a.bin")))
                try file.write(contentsOf: Data("other".utf8))
                try file.close()
                #expect(peer.receiveRaw(mebibyte) != nil)
                #expect(peer.receive() == .endOfChunk(first: 2, .gone))
                try eventually("the file is offered as it is now") {
                    let now = holder.files()["a.bin"]
                    return now != nil && now != root.digest.hex
                }
            }
        }
    }
}
