import Foundation
import Testing

extension EndToEnd {
    /// `req --output`: a copy outside the share.
    @Suite(.serialized)
    struct OutputTests {
        @Test("The copy equals the file, is told in the JSON, and nothing else is left beside it")
        func copied() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "d/a.bin", length: 3 * mebibyte + 5)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let place = try swarm.emptyDirectory("place")
                let reply = fetcher.ctl("req", "d/a.bin", "--output", place + "/copy.bin", "--json")
                #expect(reply.code == 0, "\(reply)")
                #expect(reply.event("done")?["output"].string == place + "/copy.bin")
                for path in [place + "/copy.bin", fetcher.path("d/a.bin")] {
                    #expect(TestFile.sameBytes(path, holder.path("d/a.bin")))
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["copy.bin"])
                // What is here already is copied all the same, and without waiting for the disk if so wished.
                let again = fetcher.ctl("req", "d/a.bin", "--output", place + "/other.bin", "--no-sync")
                #expect(again.code == 0, "\(again)")
                #expect(TestFile.sameBytes(place + "/other.bin", holder.path("d/a.bin")))
            }
        }

        @Test("An empty file is copied as one")
        func empty() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "empty", length: 0)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "empty", "--output", swarm.scratch.path + "/copy").code == 0)
                #expect(FileManager.default.contents(atPath: swarm.scratch.path + "/copy")?.count == 0)
            }
        }

        @Test("What stands at the place is not replaced without --force, and nothing is fetched in vain")
        func occupied() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let place = try swarm.emptyDirectory("place")
                try "mine".write(toFile: place + "/copy.bin", atomically: false, encoding: .utf8)
                #expect(fetcher.ctl("req", "a.bin", "--output", place + "/copy.bin").code == 73)
                #expect(fetcher.ctl("req", "a.bin", "--output", place).code == 73)
                #expect(fetcher.ctl("req", "a.bin", "--output", place + "/none/copy.bin").code == 74)
                #expect(TextFile.read(place + "/copy.bin") == "mine")
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                let forced = fetcher.ctl("req", "a.bin", "--output", place + "/copy.bin", "--force")
                #expect(forced.output.contains("what was there is kept as \(place)/copy.bin.~1~"))
                #expect(TestFile.sameBytes(place + "/copy.bin", holder.path("a.bin")))
                #expect(TextFile.read(place + "/copy.bin.~1~") == "mine")
                let bare = fetcher.ctl("req", "a.bin", "--output", place + "/copy.bin", "--force", "--no-backup")
                #expect(bare.code == 0)
                let names = try FileManager.default.contentsOfDirectory(atPath: place)
                #expect(names.sorted() == ["copy.bin", "copy.bin.~1~"])
            }
        }

        @Test(
            "A full disk at the place is 74 with errno 28, leaves nothing there, and the file is in the share",
            .enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
        func full() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: 4 * mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let place = swarm.scratch.path + "/small"
                let disk = try SmallDisk(at: place, mebibytes: 1)
                defer { disk.unmount() }
                let reply = fetcher.ctl("req", "a.bin", "--output", place + "/copy.bin", "--json")
                #expect(reply.code == 74, "\(reply)")
                #expect(reply.event("error")?["errno"].int == 28)
                #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
                #expect(TestFile.exists(fetcher.path("a.bin")))
            }
        }

        @Test(
            "Only one file can be copied, to one place",
            arguments: [
                ["a", "b", "--output", "x"], ["a/", "--output", "x"], ["a", "--output", "x", "--stdout"],
                ["a", "--output", ""], ["a", "--output", "-"], ["a", "b", "--stdout"], ["a/", "--stdout"],
                ["a", "--stdout", "--background"], ["a", "--output", "x", "--background"],
            ])
        func oneOnly(arguments: [String]) throws {
            try Swarm.run(peers: 1) { swarm in
                let command = ["--control", swarm.peers[0].control, "req"] + arguments
                let reply = try Ctl(command, in: swarm.scratch.path).finish()
                #expect(reply.code == 64, "\(reply)")
                #expect(reply.output.isEmpty)
                #expect(!reply.errors.isEmpty)
            }
        }
    }
}

extension Swarm {
    /// A new directory beside the peers' own.
    func emptyDirectory(_ name: String) throws -> String {
        let path = "\(scratch.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
