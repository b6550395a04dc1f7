import Foundation
import Testing

extension EndToEnd {
    /// Files that change under a holder while it sends them. It is no liar for that, and nobody gets a mixture.
    @Suite(.serialized)
    struct ServedChangeTests {
        enum Change: CaseIterable {
            case overwritten
            case truncated
            /// Another file took its name.
            case replaced

            func make(at path: String, length: Int) throws {
                switch self {
                case .overwritten: try TestFile.write(path, length: length, seed: 9, truncating: false)
                case .truncated:
                    guard truncate(path, length / 3) == 0 else { throw Failure("truncate \(path): errno \(errno)") }
                case .replaced:
                    try TestFile.write(path + ".new", length: length, seed: 9)
                    guard rename(path + ".new", path) == 0 else { throw Failure("rename to \(path): errno \(errno)") }
                }
            }
        }

        private static let length = 8 * mebibyte + 5

        /// A holder that sends so slowly that its file can change meanwhile.
        private static func addHolder(_ swarm: Swarm) throws -> Peer {
            let holder = try swarm.addPeer(arguments: ["--max-upload", "4M"]) {
                try TestFile.write("\($0)/a.bin", length: length)
            }
            try holder.awaitFiles("a.bin")
            return holder
        }

        @Test(
            "What a holder cannot send any more comes from the other, and neither is banned", arguments: Change.allCases
        )
        func oneOfTwo(change: Change) throws {
            try Swarm.run { swarm in
                let changing = try ServedChangeTests.addHolder(swarm)
                let steady = try ServedChangeTests.addHolder(swarm)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try eventually("both send") { changing.count("bytesOut") > 0 && steady.count("bytesOut") > 0 }
                try change.make(at: changing.path("a.bin"), length: ServedChangeTests.length)
                let reply = try ctl.finish(within: 60)
                #expect(reply.code == 0, "\(reply)")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), steady.path("a.bin")))
                #expect(fetcher.ctl("bans", "--json").json?["bans"].array.isEmpty == true)
                let holders = reply.event("done")?["holders"].array ?? []
                #expect(Set(holders.compactMap { $0["address"].string }).contains(steady.address.description))
            }
        }

        @Test(
            "With no other holder nothing is delivered; what came is kept, and the new version is another file",
            arguments: Change.allCases)
        func onlyOne(change: Change) throws {
            try Swarm.run { swarm in
                let holder = try ServedChangeTests.addHolder(swarm)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let root = holder.files()["a.bin"]
                let ctl = try fetcher.start("req", "a.bin", "--json", "--timeout", "2")
                try fetcher.awaitBytes(2 * mebibyte, of: "a.bin")
                try change.make(at: holder.path("a.bin"), length: ServedChangeTests.length)
                let reply = try ctl.finish(within: 60)
                #expect(reply.code == 75, "\(reply)")
                #expect(reply.event("error")?["message"].string?.contains("no holder of a.bin is left") == true)
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                #expect(fetcher.ctl("bans", "--json").json?["bans"].array.isEmpty == true)
                let waiting = fetcher.download("a.bin")
                #expect(waiting?["state"].string == "waiting")
                #expect(waiting?["root"].string == root)
                #expect(waiting?["have"].int ?? 0 >= 2 * mebibyte)
                try eventually("the holder offers what the file is now") {
                    let now = holder.files()["a.bin"]
                    return now != nil && now != root
                }
                #expect(fetcher.ctl("cancel", "a.bin").code == 0)
                #expect(holder.ctl("limit", "--upload", "none").code == 0)
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }
    }
}
