import Foundation
import Testing

extension EndToEnd {
    /// Directories whose holders are slow, or do not have them any more.
    @Suite(.serialized)
    struct TreeHolderTests {
        @Test("A directory does not wait for the slowest of its holders, though that brings a byte now and then")
        func slow() throws {
            try Swarm.run { swarm in
                let first = try swarm.addPeer { share in
                    try FileManager.default.createDirectory(atPath: share + "/de", withIntermediateDirectories: false)
                    for number in 0..<100 {
                        try TestFile.write("\(share)/de/\(number)", length: 100_000, seed: UInt64(number))
                    }
                    try TestFile.write("\(share)/de/large", length: 30 * mebibyte)
                }
                try first.awaitFiles("de/large", "de/99")
                for arguments in [[], [], ["--max-upload", "1K"]] {
                    let peer = try swarm.addPeer(arguments: arguments) { share in
                        try TreeHolderTests.link(first.path("de"), to: share + "/de")
                    }
                    try peer.awaitFiles("de/large", "de/99")
                }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let begin = now()
                let reply = fetcher.ctl("req", "de/", within: 120)
                let seconds = now() - begin
                #expect(reply.code == 0, "\(reply)")
                // A holder that drips is given up after thirty seconds, and asked again as long after that.
                #expect(seconds < 20, "\(seconds) s")
                #expect(TestFile.sameBytes(fetcher.path("de/large"), first.path("de/large")))
            }
        }

        @Test("A directory that vanishes from its only holder ends its request in seconds, file by file, with 75")
        func vanished() throws {
            try Swarm.run { swarm in
                let count = 2000
                let holder = try swarm.addPeer(arguments: ["--max-upload", "256K"]) { share in
                    try FileManager.default.createDirectory(atPath: share + "/de", withIntermediateDirectories: false)
                    for number in 0..<count {
                        try TestFile.write("\(share)/de/\(number)", length: 4096, seed: UInt64(number))
                    }
                }
                try holder.awaitFiles("de/0", "de/\(count - 1)")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let running = try fetcher.start("req", "de/", "--json")
                _ = try fetcher.awaitBytes(400_000, of: "de")
                try FileManager.default.removeItem(atPath: holder.path("de"))
                let begin = now()
                let reply = try running.finish(within: 120)
                // One by one they would take more than five minutes.
                #expect(now() - begin < 60)
                #expect(reply.code == 75, "\(reply.code)")
                let files = reply.event("done")?["files"]
                #expect(files?["failed"].array.count == 1000 || files?["more"].int == nil)
                #expect((files?["fetched"].int ?? 0) > 0)
            }
        }

        /// Other names for the very files of a directory.
        private static func link(_ original: String, to path: String) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            for name in try FileManager.default.contentsOfDirectory(atPath: original) {
                try FileManager.default.linkItem(atPath: "\(original)/\(name)", toPath: "\(path)/\(name)")
            }
        }
    }
}
