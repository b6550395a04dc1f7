import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Downloads that outlive their daemon, however it ends.
    @Suite(.serialized)
    struct ResumeTests {
        /// So slow that a life takes a second or two.
        private static let rate = 2 * mebibyte
        /// A piece that has not come whole, and one that is being verified.
        private static let inFlight = 2 * mebibyte
        /// What is written is synced and recorded after a second. In memory syncs take no time, but a busy machine does.
        private static let batch = 2 * rate

        @Test(
            "Killed at twenty moments, a peer goes on with all that was recorded, and loses no more than a second of it",
            arguments: Seeded.seeds(1))
        func killed(seed: UInt64) throws {
            print("seed \(seed)")
            var random = Seeded(seed)
            let length = 48 * mebibyte + 777
            let points = (0..<20).map { _ in Int.random(in: 0..<length, using: &random) }.sorted()
            try Swarm.run(inMemory: true) { swarm in
                let (holder, fetcher) = try ResumeTests.begin(swarm, length: length)
                var lives = Lives(of: fetcher, fetching: "a.bin")
                for point in points {
                    let lost = try lives.end(at: point) { fetcher.kill() }
                    #expect(lost <= ResumeTests.batch + ResumeTests.inFlight, "seed \(seed): \(lost) bytes at \(point)")
                }
                #expect(lives.recorded > 0)
                try ResumeTests.finish(holder, fetcher)
                let twice = lives.received + fetcher.count("bytesIn") - length
                #expect(twice <= 20 * (ResumeTests.batch + ResumeTests.inFlight), "seed \(seed): \(twice) bytes twice")
            }
        }

        @Test("Ended by SIGTERM, a peer loses nothing that it had written", arguments: Seeded.seeds(1))
        func terminated(seed: UInt64) throws {
            print("seed \(seed)")
            var random = Seeded(seed)
            let length = 16 * mebibyte + 777
            let points = (0..<5).map { _ in Int.random(in: 0..<length, using: &random) }.sorted()
            try Swarm.run(inMemory: true) { swarm in
                let (holder, fetcher) = try ResumeTests.begin(swarm, length: length)
                var lives = Lives(of: fetcher, fetching: "a.bin")
                for point in points {
                    let lost = try lives.end(at: point) { try fetcher.terminate() }
                    #expect(lost <= ResumeTests.inFlight, "seed \(seed): \(lost) bytes at \(point)")
                }
                try ResumeTests.finish(holder, fetcher)
                #expect(!fetcher.log.contains("may have been written to"))
            }
        }

        /// A holder that sends slowly, and a peer that has begun to fetch from it.
        private static func begin(_ swarm: Swarm, length: Int) throws -> (holder: Peer, fetcher: Peer) {
            let holder = try swarm.addPeer(arguments: ["--max-upload", "\(rate)"]) {
                try TestFile.write("\($0)/a.bin", length: length)
            }
            try holder.awaitFiles("a.bin")
            let fetcher = try swarm.addPeer()
            try swarm.settle()
            #expect(fetcher.ctl("req", "a.bin", "--background").code == 0)
            try eventually("the first bytes have come") { fetcher.count("bytesIn") > 0 }
            return (holder, fetcher)
        }

        private static func finish(_ holder: Peer, _ fetcher: Peer) throws {
            #expect(holder.ctl("limit", "--upload", "none").code == 0)
            #expect(fetcher.ctl("wait", "a.bin").code == 0)
            #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            #expect(try fetcher.partialFiles().isEmpty)
        }

        // MARK: A database that a disk has spoiled

        /// Turns a bit of the digests in a table, which SQLite does not notice.
        private static func spoilLayer(of peer: Peer, in table: String) throws {
            let script = """
                import sqlite3, sys
                database = sqlite3.connect(sys.argv[1])
                layer, = database.execute("SELECT layer FROM \(table)").fetchone()
                database.execute("UPDATE \(table) SET layer = ?", (layer[:100] + bytes([layer[100] ^ 1]) + layer[101:],))
                database.commit()
                """
            let log = peer.state + ".spoil"
            let python = try Child(
                "/usr/bin/python3", ["-c", script, "\(peer.state)/p2pd.sqlite"], environment: [],
                streams: Child.Streams(output: log, errors: log))
            #expect(try python.wait() == .exited(0), "\(python.errors)")
        }

        @Test("Digests that the disk has spoiled cost a download nothing that had come, and no holder its name")
        func spoiledLayer() throws {
            let length = 24 * mebibyte
            try Swarm.run(inMemory: true) { swarm in
                let (holder, fetcher) = try ResumeTests.begin(swarm, length: length)
                try eventually("a third has come") { fetcher.download("a.bin")?["have"].int ?? 0 > length / 3 }
                for peer in [fetcher, holder] { try peer.terminate() }
                try ResumeTests.spoilLayer(of: fetcher, in: "partials")
                try ResumeTests.spoilLayer(of: holder, in: "files")
                try holder.restart()
                try holder.awaitFiles("a.bin")
                try fetcher.restart()
                try fetcher.awaitReady()
                try ResumeTests.finish(holder, fetcher)
                #expect(fetcher.count("bytesIn") < length * 3 / 4)
                #expect(fetcher.ctl("bans").output == "nobody is banned\n")
            }
        }

        // MARK: Paused and tampered with

        enum Damage: CaseIterable {
            case none
            case changed
            /// The time of writing is as it was.
            case changedInSecret
            case truncated
        }

        /// A download of `a.bin` from one holder, paused after a third or so, with the bytes that are there.
        private func pausePartWay(_ swarm: Swarm, _ length: Int) throws -> (holder: Peer, fetcher: Peer, have: Int) {
            let holder = try swarm.addHolder(of: "a.bin", length: length)
            let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
            try swarm.settle()
            #expect(fetcher.ctl("req", "a.bin", "--background").code == 0)
            try fetcher.awaitBytes(5 * mebibyte, of: "a.bin")
            #expect(fetcher.ctl("pause", "a.bin").code == 0)
            return (holder, fetcher, try #require(fetcher.download("a.bin")?["have"].int))
        }

        @Test(
            "Paused is paused after a restart, and of a partial file that was damaged only the bad pieces come again",
            arguments: Damage.allCases)
        func tampered(damage: Damage) throws {
            try Swarm.run { swarm in
                let length = 16 * mebibyte + 5
                let (holder, fetcher, have) = try pausePartWay(swarm, length)
                try fetcher.terminate()
                let bad = try inflict(damage, on: try #require(try fetcher.partialFiles().first), have: have)
                try fetcher.restart()
                try fetcher.awaitReady()
                try fetcher.awaitRoster(of: [holder])
                #expect(fetcher.download("a.bin")?["state"].string == "paused")
                #expect(fetcher.ctl("wait", "a.bin").code == 130)
                #expect(fetcher.download("a.bin")?["have"].int == have)
                #expect(fetcher.count("bytesIn") == 0)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                #expect(fetcher.ctl("resume", "a.bin").code == 0)
                #expect(fetcher.ctl("wait", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
                #expect(fetcher.count("bytesIn") == length - have + bad)
                #expect(
                    fetcher.log.contains("may have been written to") == (damage == .changed || damage == .truncated))
            }
        }

        @Test("What had come of a download is kept with a newer p2pd's database, and whoever goes back to it goes on")
        func goesBack() throws {
            try Swarm.run { swarm in
                let length = 16 * mebibyte + 5
                let (holder, fetcher, have) = try pausePartWay(swarm, length)
                try fetcher.terminate()

                let version = try exchangeVersion(of: "p2pd.sqlite", in: fetcher.state, for: [0, 0, 0, 99])
                try fetcher.restart()
                try fetcher.awaitReady()
                try eventually("it is told") { fetcher.log.contains("was kept as") }
                #expect(fetcher.download("a.bin") == nil)
                try fetcher.terminate()

                let names = try FileManager.default.contentsOfDirectory(atPath: fetcher.state)
                for name in ["p2pd.sqlite", "partial"] {
                    let kept = try #require(names.first { $0.hasPrefix("\(name).newer-") })
                    #expect(fetcher.log.contains("\(fetcher.state)/\(kept)"))
                    try FileManager.default.removeItem(atPath: "\(fetcher.state)/\(name)")
                    #expect(rename("\(fetcher.state)/\(kept)", "\(fetcher.state)/\(name)") == 0)
                }
                _ = try exchangeVersion(of: "p2pd.sqlite", in: fetcher.state, for: version)
                try fetcher.restart()
                try fetcher.awaitReady()
                try fetcher.awaitRoster(of: [holder])
                #expect(fetcher.download("a.bin")?["have"].int == have)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                #expect(fetcher.ctl("resume", "a.bin").code == 0)
                #expect(fetcher.ctl("wait", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
                #expect(fetcher.count("bytesIn") == length - have)
            }
        }

        /// Writes the user_version of a database's header, big-endian.
        /// - Returns: what it was.
        private func exchangeVersion(of name: String, in directory: String, for version: [UInt8]) throws -> [UInt8] {
            let file = open("\(directory)/\(name)", O_RDWR)
            defer { close(file) }
            var before = [UInt8](repeating: 0, count: 4)
            guard pread(file, &before, 4, 60) == 4, pwrite(file, version, 4, 60) == 4 else {
                throw Failure("write to \(name): errno \(errno)")
            }
            return before
        }

        /// - Parameter have: bytes at the file's beginning that are there.
        /// - Returns: bytes of the pieces that are not what they were.
        private func inflict(_ damage: Damage, on path: String, have: Int) throws -> Int {
            let file = open(path, O_RDWR | O_CLOEXEC)
            defer { close(file) }
            var before = stat()
            guard file >= 0, fstat(file, &before) == 0 else { throw Failure("open \(path): errno \(errno)") }
            // Of a file of this length.
            let piece = mebibyte / 4
            switch damage {
            case .none: return 0
            case .changed:
                try TestFile.flip(file, at: mebibyte + 17)
                try TestFile.flip(file, at: 3 * mebibyte)
                return 2 * piece
            case .changedInSecret:
                try TestFile.flip(file, at: 2 * mebibyte - 1)
                guard futimens(file, [before.st_atim, before.st_mtim]) == 0 else { throw Failure("set the time") }
                return piece
            case .truncated:
                guard ftruncate(file, 3 * mebibyte + 1) == 0 else { throw Failure("truncate \(path): errno \(errno)") }
                return have - 3 * mebibyte
            }
        }
    }
}

/// The lives of a daemon that fetches one file, and what they came to.
private struct Lives {
    private let peer: Peer
    private let name: String
    /// Bytes that came in all lives that have ended.
    private(set) var received = 0
    private var ended = 0
    /// Bytes that the present life began with.
    private(set) var recorded = 0

    init(of peer: Peer, fetching name: String) {
        self.peer = peer
        self.name = name
    }

    /// Ends a life when so many bytes have come in all of them together, and begins the next.
    /// - Returns: bytes that came in it and are not there any more, or were there before and are not.
    mutating func end(at point: Int, by ending: () throws -> Void) throws -> Int {
        var came = 0
        try eventually("\(point) bytes have come") {
            came = max(came, peer.count("bytesIn"))
            return received + came >= point
        }
        guard peer.download(name) != nil else { throw Failure("\(name) was there before byte \(point) came") }
        try ending()
        try peer.restart()
        try peer.awaitReady()
        ended += 1
        received += came
        let before = recorded
        recorded = try bytesTakenUp()
        #expect(recorded >= before, "what was recorded is lost")
        return before + came - recorded
    }

    /// What the daemon says that it goes on with. It answers no client before it has read what an earlier life left.
    private func bytesTakenUp() throws -> Int {
        let lines = peer.log.split(separator: "\n").filter { $0.contains("taken up again") && $0.contains(name) }
        guard lines.count == ended,
            let have = lines.last?.split(separator: " ").lazy.compactMap({ field in
                field.hasPrefix("have=") ? Int(field.dropFirst("have=".count)) : nil
            }).first
        else {
            throw Failure("\(name) was not taken up in life \(ended + 1)")
        }
        return have
    }
}

extension Peer {
    /// What it has fetched so far of its downloads, as files; what somebody put in their place is none.
    func partialFiles() throws -> [String] {
        let directory = "\(state)/partial"
        let paths = try FileManager.default.contentsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }
        return paths.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
    }
}
