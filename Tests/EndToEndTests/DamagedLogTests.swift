import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Daemons that are killed, and whose database's log is damaged before the next one starts.
    @Suite(.serialized)
    struct DamagedLogTests {
        private static let length = 48 * mebibyte + 5

        /// A peer that fetches slowly and has some of it.
        private func begin(_ swarm: Swarm) throws -> (holder: Peer, fetcher: Peer) {
            let holder = try swarm.addHolder(of: "a.bin", length: DamagedLogTests.length)
            let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
            try swarm.settle()
            #expect(fetcher.ctl("req", "a.bin", "--background").code == 0)
            try fetcher.awaitBytes(5 * mebibyte, of: "a.bin")
            return (holder, fetcher)
        }

        private func logSize(_ peer: Peer) -> Int {
            var status = stat()
            return stat("\(peer.state)/p2pd.sqlite-wal", &status) == 0 ? Int(status.st_size) : 0
        }

        @Test("A database whose log is damaged is kept and told of, with what had come of its downloads")
        func damaged() throws {
            try Swarm.run { swarm in
                let (holder, fetcher) = try begin(swarm)
                try eventually("something is in the log") {
                    fetcher.freeze()
                    if logSize(fetcher) > 32 { return true }
                    fetcher.thaw()
                    return false
                }
                let partial = try #require(try fetcher.partialFiles().first)
                fetcher.kill()
                let log = open("\(fetcher.state)/p2pd.sqlite-wal", O_RDWR | O_CLOEXEC)
                defer { close(log) }
                try TestFile.flip(log, at: 17)

                try fetcher.restart()
                try fetcher.awaitReady()
                try eventually("it is told") { fetcher.log.contains("the header of its log is damaged") }
                #expect(fetcher.log.contains("was kept as"))
                #expect(fetcher.download("a.bin") == nil)
                let names = try FileManager.default.contentsOfDirectory(atPath: fetcher.state)
                #expect(names.contains { $0.hasPrefix("p2pd.sqlite.corrupt-") && $0.hasSuffix("-wal") })
                let kept = try #require(names.first { $0.hasPrefix("partial.corrupt-") })
                let name = (partial as NSString).lastPathComponent
                #expect(TestFile.exists("\(fetcher.state)/\(kept)/\(name)"))
                try fetcher.awaitRoster(of: [holder])
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A moment after the last change nothing is in the log alone: whoever loses it loses nothing")
        func lost() throws {
            try Swarm.run { swarm in
                let (holder, fetcher) = try begin(swarm)
                #expect(fetcher.ctl("pause", "a.bin").code == 0)
                let have = try #require(fetcher.download("a.bin")?["have"].int)
                usleep(1_500_000)
                try eventually("the log is empty") { logSize(fetcher) == 0 }
                fetcher.kill()
                for suffix in ["-wal", "-shm"] { unlink("\(fetcher.state)/p2pd.sqlite\(suffix)") }
                try fetcher.restart()
                try fetcher.awaitReady()
                try fetcher.awaitRoster(of: [holder])
                #expect(fetcher.download("a.bin")?["have"].int == have)
                #expect(fetcher.download("a.bin")?["state"].string == "paused")
                #expect(!fetcher.log.contains("was kept as"))
            }
        }
    }
}
