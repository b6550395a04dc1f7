import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Partial files that somebody else writes to while their daemon runs.
    @Suite(.serialized)
    struct TouchedTests {
        private static let length = 16 * mebibyte + 5

        enum Touch: CaseIterable {
            case truncated, overwritten
            /// With the time of modification as it was.
            case overwrittenInSecret
            case removed, replaced
            /// By what is no file.
            case linked, inDirectory
        }

        enum Moment: CaseIterable {
            case paused, running
        }

        @Test(
            "Whatever is done to a partial file, what is delivered is right, and only what is bad comes again",
            arguments: Touch.allCases, Moment.allCases)
        func touched(touch: Touch, moment: Moment) throws {
            try Swarm.run { swarm in
                let (holder, fetcher) = try TouchedTests.begin(swarm)
                try fetcher.awaitBytes(10 * mebibyte, of: "a.bin")
                if moment == .paused { #expect(fetcher.ctl("pause", "a.bin").code == 0) }
                try inflict(touch, on: try #require(try fetcher.partialFiles().first))
                if moment == .paused { #expect(fetcher.ctl("resume", "a.bin").code == 0) }
                try eventually("it is noticed") { fetcher.log.contains("are not what was written") }
                try finish(fetcher, holder)
                let again = fetcher.count("bytesIn") - TouchedTests.length
                switch touch {
                // A piece, and what was on its way when the download was stopped.
                case .overwritten, .overwrittenInSecret:
                    #expect((mebibyte / 4..<7 * mebibyte).contains(again), "\(again)")
                case .truncated: #expect((2...9).contains(again / mebibyte), "\(again)")
                case .removed, .replaced, .linked, .inDirectory: #expect(again >= 10 * mebibyte, "\(again)")
                }
            }
        }

        @Test(
            "What stands in a partial file's place when its daemon starts is passed over",
            arguments: [Touch.linked, .inDirectory])
        func touchedBetweenLives(touch: Touch) throws {
            try Swarm.run { swarm in
                let (holder, fetcher) = try TouchedTests.begin(swarm)
                try fetcher.awaitBytes(4 * mebibyte, of: "a.bin")
                fetcher.kill()
                try inflict(touch, on: try #require(try fetcher.partialFiles().first))
                try fetcher.restart()
                try fetcher.awaitReady()
                try finish(fetcher, holder)
            }
        }

        /// A holder, and a peer that fetches `a.bin` from it slowly.
        private static func begin(_ swarm: Swarm) throws -> (holder: Peer, fetcher: Peer) {
            let holder = try swarm.addHolder(of: "a.bin", length: length)
            let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
            try swarm.settle()
            #expect(fetcher.ctl("req", "a.bin", "--background").code == 0)
            return (holder, fetcher)
        }

        private func finish(_ fetcher: Peer, _ holder: Peer) throws {
            #expect(fetcher.ctl("limit", "--download", "none").code == 0)
            let done = fetcher.ctl("wait", "a.bin")
            #expect(done.code == 0, "\(done.errors)")
            #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            #expect(try fetcher.partialFiles().isEmpty)
        }

        private func inflict(_ touch: Touch, on path: String) throws {
            switch touch {
            case .truncated: guard truncate(path, off_t(8 * mebibyte + 1)) == 0 else { throw Failure("cut \(path)") }
            case .overwritten: try overwrite(path, at: mebibyte + 17)
            case .overwrittenInSecret:
                var before = stat()
                guard stat(path, &before) == 0 else { throw Failure("stat \(path)") }
                try overwrite(path, at: mebibyte + 17)
                guard utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0) == 0 else {
                    throw Failure("set the time of \(path)")
                }
            case .removed: guard unlink(path) == 0 else { throw Failure("remove \(path)") }
            case .replaced:
                guard unlink(path) == 0 else { throw Failure("remove \(path)") }
                try TestFile.write(path, length: 1000, seed: 9)
            case .linked:
                guard unlink(path) == 0, symlink("/dev/null", path) == 0 else { throw Failure("link \(path)") }
            case .inDirectory:
                guard unlink(path) == 0, mkdir(path, 0o700) == 0 else { throw Failure("make \(path)") }
            }
        }

        private func overwrite(_ path: String, at offset: Int) throws {
            let file = open(path, O_WRONLY | O_CLOEXEC)
            defer { close(file) }
            guard file < 0 || pwrite(file, "tampered", 8, off_t(offset)) == 8 else { throw Failure("write to \(path)") }
        }

        @Test("Touched at its very end, before the name is given, a file is delivered as it should be")
        func lastMoment() throws {
            try Swarm.run { swarm in
                let (holder, fetcher) = try TouchedTests.begin(swarm)
                try fetcher.awaitBytes(15 * mebibyte, of: "a.bin")
                let path = try #require(try fetcher.partialFiles().first)
                // Again and again, until it is in the share or this is over.
                for _ in 0..<20 where TestFile.exists(path) {
                    try overwrite(path, at: 100)
                    usleep(50_000)
                }
                try finish(fetcher, holder)
                #expect(fetcher.log.contains("are not what was written"))
            }
        }

        @Test("Files of a directory that are downloads of their own are looked after like any")
        func member() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try FileManager.default.createDirectory(
                        atPath: share + "/d", withIntermediateDirectories: false)
                    try TestFile.write(share + "/d/a.bin", length: TouchedTests.length)
                    try TestFile.write(share + "/d/small", length: 1000)
                }
                try holder.awaitFiles("d/a.bin", "d/small")
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
                try swarm.settle()
                let ctl = try fetcher.start("req", "d/")
                try fetcher.awaitBytes(5 * mebibyte, of: "d/a.bin")
                let path = try #require(
                    try fetcher.partialFiles().first { path in
                        var status = stat()
                        return stat(path, &status) == 0 && status.st_size == TouchedTests.length
                    })
                try overwrite(path, at: mebibyte + 17)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                #expect(try ctl.finish(within: 120).code == 0)
                #expect(TestFile.sameBytes(fetcher.path("d/a.bin"), holder.path("d/a.bin")))
                #expect(fetcher.log.contains("are not what was written"))
            }
        }

        @Test("A stream of a file that is touched while it comes has no wrong byte")
        func streamed() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: TouchedTests.length)
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--stdout")
                try fetcher.awaitBytes(4 * mebibyte, of: "a.bin")
                let path = try #require(try fetcher.partialFiles().first)
                // Ahead of what was read, and behind it.
                for piece in 0..<16 { try overwrite(path, at: piece * mebibyte + 500_000) }
                #expect(try ctl.process.wait(within: 120) == .exited(0))
                #expect(TestFile.sameBytes(ctl.process.streams.output, holder.path("a.bin")))
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("What a touched file's daemon serves of it is right: no other peer takes it for a liar")
        func served() throws {
            try Swarm.run { swarm in
                let (holder, fetcher) = try TouchedTests.begin(swarm)
                try fetcher.awaitBytes(5 * mebibyte, of: "a.bin")
                #expect(fetcher.ctl("pause", "a.bin").code == 0)
                let path = try #require(try fetcher.partialFiles().first)
                for piece in 0..<4 { try overwrite(path, at: piece * mebibyte + 17) }
                let other = try swarm.addPeer()
                try other.awaitRoster(of: [holder, fetcher])
                #expect(other.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(other.path("a.bin"), holder.path("a.bin")))
                #expect(other.ctl("bans", "--json").json?["bans"].array.isEmpty == true)
                #expect(!other.log.contains("was wrong"))
            }
        }
    }
}
