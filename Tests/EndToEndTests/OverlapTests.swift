import Foundation
import Testing

extension EndToEnd {
    /// Directories that lie in one another, or share files with other downloads, fetched at the same time.
    @Suite(.serialized)
    struct OverlapTests {
        private static let names = ["ov/a", "ov/in/1", "ov/in/2", "ov/in/3", "ov/in/small", "ov/in/tiny"]

        private func fill(_ share: String) throws {
            for (seed, name) in Self.names.enumerated() {
                let length = name.hasSuffix("small") || name.hasSuffix("tiny") ? 50_000 : 3 * mebibyte
                try TestFile.write("\(share)/\(name)", length: length, seed: UInt64(seed + 1))
            }
        }

        private func run(_ body: (Swarm, _ holder: Peer, _ fetcher: Peer) throws -> Void) throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "6M"], fill: fill)
                try eventually("all are indexed") { holder.files().count == Self.names.count }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                try body(swarm, holder, fetcher)
            }
        }

        private func expectAll(_ holder: Peer, _ fetcher: Peer) throws {
            for name in Self.names { #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)), "\(name)") }
            #expect(fetcher.ctl("downloads").output == "no downloads\n")
            #expect(try fetcher.partialFiles().isEmpty)
        }

        @Test(
            "A directory and one inside it, asked for together in either order, are both done, each file fetched once",
            arguments: [["ov/", "ov/in/"], ["ov/in/", "ov/"]])
        func nested(_ names: [String]) throws {
            try run { _, holder, fetcher in
                let reply = fetcher.ctl("req", names[0], names[1])
                #expect(reply.code == 0, "\(reply)")
                try expectAll(holder, fetcher)
                // Small ones may come twice.
                #expect(fetcher.count("bytesIn") < 4 * 3 * mebibyte + 4 * 50_000 + mebibyte)
            }
        }

        @Test(
            "A file that is asked for together with its directory has the mode that it has there, whoever is first",
            arguments: [["m/run", "m/"], ["m/", "m/run"]], [1000, 5 * mebibyte])
        func modes(_ names: [String], _ length: Int) throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write("\(share)/m/run", length: length)
                    try TestFile.write("\(share)/m/other", length: 100, seed: 2)
                    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(share)/m/run")
                }
                try eventually("both are indexed") { holder.files().count == 2 }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                for _ in 0..<5 {
                    let reply = fetcher.ctl("req", names[0], names[1])
                    #expect(reply.code == 0, "\(reply)")
                    let mode = try FileManager.default.attributesOfItem(atPath: fetcher.path("m/run"))[
                        .posixPermissions]
                    #expect(mode as? Int == 0o755)
                    #expect(fetcher.ctl("who", "m/", "--json").json?["versions"].array.count == 1)
                    try FileManager.default.removeItem(atPath: fetcher.path("m"))
                    try eventually("it is known to be gone") { fetcher.files().isEmpty }
                }
            }
        }

        @Test(
            "With --force, what is replaced is kept once, and nothing that has just come",
            arguments: [["m/", "m/in/", "m/in/a"], ["m/in/a", "m/in/", "m/"]])
        func forced(_ names: [String]) throws {
            try Swarm.run(inMemory: true) { swarm in
                let fill: (String, UInt64) throws -> Void = { share, seed in
                    for (index, name) in ["in/a", "in/b", "c", "d"].enumerated() {
                        try TestFile.write("\(share)/m/\(name)", length: 3000, seed: seed + UInt64(index))
                    }
                }
                let holder = try swarm.addPeer { try fill($0, 1) }
                let fetcher = try swarm.addPeer { try fill($0, 11) }
                try eventually("all are indexed") { holder.files().count == 4 && fetcher.files().count == 4 }
                try swarm.settle()
                let reply = fetcher.ctl("req", "--force", names[0], names[1], names[2])
                #expect(reply.code == 0, "\(reply)")
                for name in ["m/in/a", "m/in/b", "m/c", "m/d"] {
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)))
                    #expect(FileManager.default.fileExists(atPath: fetcher.path(name + ".~1~")))
                    #expect(!FileManager.default.fileExists(atPath: fetcher.path(name + ".~2~")), "\(name)")
                }
            }
        }

        @Test(
            "Of two directories that share files one is cancelled or paused, and the other gets all of its own",
            arguments: [("cancel", "ov/", "ov/in/"), ("cancel", "ov/in/", "ov/"), ("pause", "ov/", "ov/in/")])
        func oneCancelled(_ command: String, _ first: String, _ second: String) throws {
            try run { _, holder, fetcher in
                #expect(fetcher.ctl("req", "ov/", "ov/in/", "--background").code == 0)
                try eventually("the small ones have come") { fetcher.files()["ov/in/tiny"] != nil }
                #expect(fetcher.ctl(command, first).code == 0)
                let reply = fetcher.ctl("wait", second)
                #expect(reply.code == 0, "\(reply)")
                for name in Self.names where name.hasPrefix(second) {
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)), "\(name)")
                }
                let again = fetcher.ctl("req", "ov/")
                #expect(again.code == 0, "\(again)")
                try expectAll(holder, fetcher)
            }
        }

        @Test(
            "A file asked for by itself beside its directory is fetched once, and stays when the directory is cancelled"
        )
        func member() throws {
            try run { _, holder, fetcher in
                #expect(fetcher.ctl("req", "ov/in/1", "ov/", "--background").code == 0)
                try eventually("some has come") { fetcher.count("bytesIn") > mebibyte }
                let waiter = try fetcher.start("wait", "ov/in/1")
                #expect(fetcher.ctl("cancel", "ov/").code == 0)
                #expect(try waiter.finish().code == 0)
                #expect(TestFile.sameBytes(fetcher.path("ov/in/1"), holder.path("ov/in/1")))
                #expect(fetcher.ctl("req", "ov/").code == 0)
                try expectAll(holder, fetcher)
            }
        }
    }
}
