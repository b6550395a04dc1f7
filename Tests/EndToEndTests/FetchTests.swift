import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct FetchTests {
        @Test("A large file comes from all of its holders, byte for byte", arguments: [1, 2, 7])
        func holders(count: Int) throws {
            try Swarm.run { swarm in
                let length = 64 * mebibyte + 12_345
                let first = try swarm.addHolder(of: "large.bin", length: length)
                for _ in 1..<count { try swarm.addHolder(like: first, of: "large.bin") }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let reply = fetcher.ctl("req", "large.bin", "--json")
                let done = try #require(reply.event("done"), "\(reply)")
                #expect(reply.code == 0)
                #expect(TestFile.sameBytes(fetcher.path("large.bin"), first.path("large.bin")))
                #expect(done["name"].string == "large.bin")
                #expect(done["length"].int == length)
                #expect(done["root"].string == first.files()["large.bin"])
                #expect(done["seconds"].double != nil)
                let shares = done["holders"].array
                #expect(shares.count == count)
                #expect(shares.allSatisfy { $0["bytes"].int ?? 0 >= mebibyte })
                #expect(shares.compactMap { $0["bytes"].int }.reduce(0, +) == length)
            }
        }

        @Test("Files of every awkward length arrive whole")
        func lengths() throws {
            let lengths = [
                0, 1, 16_383, 16_384, 16_385, mebibyte - 1, mebibyte, mebibyte + 1, 5 * mebibyte - 1, 5 * mebibyte,
                5 * mebibyte + 1,
            ]
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for length in lengths { try TestFile.write("\(share)/\(length).bin", length: length) }
                }
                for length in lengths { try holder.awaitFiles("\(length).bin") }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                for length in lengths {
                    let name = "\(length).bin"
                    #expect(fetcher.ctl("req", name).code == 0, "\(name)")
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)), "\(name)")
                }
            }
        }

        @Test("Names with directories, spaces and any UTF-8 are found and written as they are")
        func names() throws {
            let names = [
                "models/v2/a.bin", "a name with  spaces.txt", "Übergröße/日本語/😀.bin", "e\u{301}.txt", "é.txt",
                "-starts-with-a-dash", "quote\"back\\slash'", String(repeating: "x", count: 255),
            ]
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for (seed, name) in names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: 100 + seed, seed: UInt64(seed + 1))
                    }
                }
                try eventually("all are indexed") {
                    holder.ctl("files", "--json").json?["files"].array.count == names.count
                }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                for name in names {
                    #expect(fetcher.ctl("req", "--", name).code == 0, "\(name)")
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)), "\(name)")
                }
            }
        }

        @Test("What was fetched is offered to others, also when the first holder is gone")
        func passedOn() throws {
            try Swarm.run { swarm in
                let first = try swarm.addHolder(of: "a.bin", length: 3 * mebibyte)
                let second = try swarm.addPeer()
                let third = try swarm.addPeer()
                try swarm.settle()
                #expect(second.ctl("req", "a.bin").code == 0)
                #expect(first.ctl("left").code == 0)
                try third.awaitDeparture(of: first)
                #expect(third.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(third.path("a.bin"), second.path("a.bin")))
            }
        }

        @Test("A file that is here already is done at once, with nothing fetched")
        func alreadyHere() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let other = try swarm.addHolder(like: holder, of: "a.bin")
                try swarm.settle()
                let reply = other.ctl("req", "a.bin", "--json")
                #expect(reply.code == 0)
                #expect(reply.event("done") != nil)
                #expect(other.ctl("status", "--json").json?["bytesIn"].int == 0)
            }
        }

        @Test("A file with other content stays as it is without --force, and is replaced with it")
        func force() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte, seed: 1)
                let other = try swarm.addHolder(of: "a.bin", length: mebibyte, seed: 2)
                let copy = swarm.scratch.path + "/copy"
                try FileManager.default.copyItem(atPath: other.path("a.bin"), toPath: copy)
                try swarm.settle()
                #expect(other.ctl("req", "a.bin").code == 73)
                #expect(TestFile.sameBytes(other.path("a.bin"), copy))
                #expect(other.ctl("req", "a.bin", "--force").code == 0)
                #expect(TestFile.sameBytes(other.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A file that was put there after the daemon looked is not replaced either")
        func unindexed() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                try "mine".write(toFile: fetcher.path("a.bin"), atomically: false, encoding: .utf8)
                #expect(fetcher.ctl("req", "a.bin").code == 73)
                #expect(TextFile.read(fetcher.path("a.bin")) == "mine")
            }
        }

        @Test("Several clients at once each get their file")
        func concurrent() throws {
            let names = (1...6).map { "\($0).bin" }
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for (seed, name) in names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: 8 * mebibyte, seed: UInt64(seed + 1))
                    }
                }
                for name in names { try holder.awaitFiles(name) }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let running = try names.map { try fetcher.start("req", $0) }
                for (name, ctl) in zip(names, running) {
                    #expect(try ctl.finish(within: 60).code == 0, "\(name)")
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)), "\(name)")
                }
            }
        }

        @Test("Two clients that ask for one file both hear that it is done")
        func sameFile() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: 64 * mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let running = try [fetcher.start("req", "a.bin"), fetcher.start("req", "a.bin")]
                for ctl in running { #expect(try ctl.finish(within: 60).code == 0) }
            }
        }
    }
}
