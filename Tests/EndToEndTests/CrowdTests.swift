import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Many peers that fetch one file at once feed each other.
    @Suite(.serialized)
    struct CrowdTests {
        @Test(
            "Of eight peers that fetch a file together all get it, and its only holder sends little more than once",
            arguments: [(mebibytes: 48, limit: nil), (48, "8M")] as [(mebibytes: Int, limit: String?)])
        func eight(_ file: (mebibytes: Int, limit: String?)) throws {
            try Swarm.run(inMemory: true) { swarm in
                let length = file.mebibytes * mebibyte + 5
                let origin = try swarm.addPeer(arguments: file.limit.map { ["--max-upload", $0] } ?? []) {
                    try TestFile.write("\($0)/a.bin", length: length)
                }
                try origin.awaitFiles("a.bin")
                for _ in 0..<8 { try swarm.addPeer() }
                try swarm.settle()
                let fetchers = swarm.peers.dropFirst()
                let running = try fetchers.map { try $0.start("req", "a.bin") }
                for ctl in running { #expect(try ctl.finish(within: 120).code == 0) }
                for fetcher in fetchers { #expect(TestFile.sameBytes(fetcher.path("a.bin"), origin.path("a.bin"))) }
                let sent = origin.count("bytesOut")
                #expect(sent >= length)
                // Where all is watched, an unlimited holder is done with the first before the last has asked.
                let most = file.limit == nil && Sanitizer.name != nil ? 3 : 1.6
                #expect(Double(sent) <= most * Double(length), "\(Double(sent) / Double(length)) times the file")
            }
        }

        @Test(
            "Of four peers that fetch a directory of small files together all get it, and its holder sends it little more than once"
        )
        func directory() throws {
            try Swarm.run(inMemory: true) { swarm in
                let (count, length) = (300, 100_000)
                let origin = try swarm.addPeer(arguments: ["--max-upload", "6M"]) { share in
                    for index in 0..<count {
                        try TestFile.write("\(share)/many/\(index % 7)/\(index)", length: length, seed: UInt64(index))
                    }
                }
                try eventually("all are indexed") { origin.files().count == count }
                for _ in 0..<4 { try swarm.addPeer() }
                try swarm.settle()
                let fetchers = swarm.peers.dropFirst()
                let running = try fetchers.map { try $0.start("req", "many/") }
                for ctl in running { #expect(try ctl.finish(within: 120).code == 0) }
                for fetcher in fetchers {
                    #expect(
                        (0..<count).allSatisfy { index in
                            let name = "many/\(index % 7)/\(index)"
                            return TestFile.sameBytes(fetcher.path(name), origin.path(name))
                        })
                }
                let sent = Double(origin.count("bytesOut")) / Double(count * length)
                #expect(sent >= 1)
                #expect(sent <= 1.6, "\(sent) times the directory")
            }
        }
    }
}
