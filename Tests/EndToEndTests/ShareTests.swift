import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct ShareTests {
        @Test("Only regular files within the share are offered: no symbolic links, no FIFOs, no sockets")
        func specialFiles() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/real.bin", length: 1000)
                    try TestFile.write(share + "/directory/real.bin", length: 2000)
                    symlink("/etc/passwd", share + "/outward")
                    symlink("real.bin", share + "/inward")
                    symlink("/etc", share + "/etc")
                    symlink("directory", share + "/linked")
                    symlink("nowhere", share + "/dangling")
                    mkfifo(share + "/fifo", 0o600)
                }
                let fetcher = try swarm.addPeer()
                try holder.awaitFiles("real.bin", "directory/real.bin")
                try eventually("the share is indexed") {
                    holder.ctl("status", "--json").json?["indexing"]["state"].string == "ready"
                }
                #expect(Set(holder.files().keys) == ["real.bin", "directory/real.bin"])
                try swarm.settle()
                for name in ["outward", "inward", "etc/passwd", "linked/real.bin", "dangling", "fifo"] {
                    #expect(fetcher.ctl("req", name).code == 66, "\(name)")
                }
            }
        }

        @Test("A file that became a symbolic link after it was indexed is not followed")
        func replacedByLink() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 1000)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let outside = swarm.scratch.path + "/outside"
                try FileManager.default.moveItem(atPath: holder.path("a.bin"), toPath: outside)
                symlink(outside, holder.path("a.bin"))
                #expect(fetcher.ctl("req", "a.bin", "--timeout", "5").code != 0)
                #expect(!TestFile.exists(fetcher.path("a.bin")))
            }
        }

        @Test("The partial files' directory that somebody removes is made anew, and downloads go on without a restart")
        func partialsRemoved() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "1M"]) {
                    for name in ["a.bin", "b.bin"] { try TestFile.write("\($0)/\(name)", length: 4 * mebibyte) }
                }
                try holder.awaitFiles("a.bin", "b.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "--background", "a.bin").code == 0)
                try fetcher.awaitBytes(mebibyte, of: "a.bin")
                try FileManager.default.removeItem(atPath: "\(fetcher.state)/partial")
                // What tells of it is a file that cannot be made there, or the look that is taken every 5 seconds.
                try eventually("another file comes", within: 60) {
                    fetcher.ctl("req", "b.bin").code == 0
                }
                try eventually("what was lost comes again", within: 60) {
                    TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin"))
                }
                #expect(TestFile.sameBytes(fetcher.path("b.bin"), holder.path("b.bin")))
            }
        }

        @Test("A state directory that is moved away is waited for: a new one would be another peer.s")
        func stateMoved() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "1M"]) {
                    try TestFile.write("\($0)/a.bin", length: 4 * mebibyte)
                }
                try holder.awaitFiles("a.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "--background", "a.bin").code == 0)
                try fetcher.awaitBytes(mebibyte, of: "a.bin")
                try FileManager.default.moveItem(atPath: fetcher.state, toPath: fetcher.state + ".elsewhere")
                try eventually("it waits", within: 60) { fetcher.log.contains("waiting for a directory") }
                try FileManager.default.moveItem(atPath: fetcher.state + ".elsewhere", toPath: fetcher.state)
                try eventually("it has the file", within: 60) {
                    TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin"))
                }
            }
        }

        @Test("A download does not leave the share through a symbolic link in its directory")
        func linkedTarget() throws {
            try Swarm.run { swarm in
                let outside = swarm.scratch.path + "/outside"
                try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
                try swarm.addHolder(of: "sub/a.bin", length: 1000)
                let fetcher = try swarm.addPeer { share in symlink(outside, share + "/sub") }
                try swarm.settle()
                #expect(fetcher.ctl("req", "sub/a.bin", "--timeout", "5").code != 0)
                #expect(!TestFile.exists(outside + "/a.bin"))
            }
        }
    }
}
