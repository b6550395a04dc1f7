import Foundation
import Testing

extension EndToEnd {
    /// `req --stdout`: a file's bytes while they come.
    @Suite(.serialized)
    struct StreamTests {
        private static let length = 24 * mebibyte + 5
        /// So slow that a test sees the file come.
        private static let slowly = ["--max-download", "8M"]

        @Test("Through a pipe the bytes are those of the file, and the first are there long before the last")
        func whileItComes() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: StreamTests.length)
                let fetcher = try swarm.addPeer(arguments: StreamTests.slowly)
                try swarm.settle()
                let pipe = try NamedPipe(swarm.scratch.path + "/pipe")
                let ctl = try fetcher.start(into: pipe, "req", "a.bin", "--stdout")
                try eventually("the first bytes come") { pipe.read() && pipe.bytes.count > 0 }
                #expect(
                    fetcher.ctl("downloads", "--json").json?["downloads"].array.first?["state"].string == "fetching")
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                try eventually("p2pctl ends") {
                    _ = pipe.read()
                    return ctl.process.poll() != nil
                }
                _ = pipe.read()
                #expect(try ctl.finish().code == 0)
                #expect(pipe.bytes == FileManager.default.contents(atPath: holder.path("a.bin")))
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("Without a standard output nothing is fetched, and no byte of a file ends up as a command to the daemon")
        func closed() throws {
            try Swarm.run { swarm in
                let command = #"{"id":99,"jsonrpc":"2.0","method":"left","params":{}}"#
                let holder = try swarm.addPeer {
                    try "\n\(command)\n".write(toFile: "\($0)/evil", atomically: false, encoding: .utf8)
                }
                try holder.awaitFiles("evil")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let errors = "\(swarm.scratch.path)/errors"
                let shell = try Child(
                    "/bin/sh",
                    ["-c", "exec \"$0\" --control \"$1\" req --stdout evil >&-", Programs.p2pctl, fetcher.control],
                    environment: Swarm.environment(swarm.scratch.path),
                    streams: Child.Streams(output: "/dev/null", errors: errors))
                #expect(try shell.wait() == .exited(74))
                #expect(TextFile.read(errors).contains("Bad file descriptor"))
                #expect(!TestFile.exists(fetcher.path("evil")) && fetcher.ctl("status").code == 0)
            }
        }

        @Test("A shell's pipe gets the bytes too, also of a file that is here already, and of an empty one")
        func shell() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/a.bin", length: StreamTests.length)
                    try TestFile.write(share + "/empty", length: 0)
                }
                try holder.awaitFiles("a.bin", "empty")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                for name in ["a.bin", "a.bin", "empty", "empty"] {
                    let ctl = "'\(Programs.p2pctl)' --control '\(fetcher.control)' req --stdout \(name)"
                    let shell = try Child(
                        "/bin/bash", ["-c", "set -o pipefail; \(ctl) | cmp - '\(holder.path(name))'"],
                        environment: Swarm.environment(swarm.scratch.path),
                        streams: Child.Streams(
                            output: swarm.scratch.path + "/sh.out", errors: swarm.scratch.path + "/sh.err"))
                    #expect(try shell.wait(within: 60) == .exited(0), "\(name): \(shell.errors) \(shell.output)")
                    #expect(shell.errors.contains(name), "what is not the file's goes to standard error")
                }
            }
        }

        @Test("A file on standard output gets the bytes and nothing else; the JSON is on standard error")
        func intoFile() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 3 * mebibyte + 5)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--stdout", "--json")
                let reply = try ctl.finish(within: 60)
                #expect(reply.code == 0, "\(reply.errors)")
                #expect(TestFile.sameBytes(ctl.process.streams.output, holder.path("a.bin")))
                let lines = reply.errors.split(separator: "\n").compactMap { JSON(parsing: $0) }
                #expect(lines.count == reply.errors.split(separator: "\n").count)
                #expect(lines.last?["event"].string == "done")
            }
        }

        @Test(
            "A reader that goes away ends p2pctl with 141 and without a word to people, and the download goes on",
            arguments: [false, true])
        func readerLeaves(_ json: Bool) throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: StreamTests.length)
                let fetcher = try swarm.addPeer(arguments: StreamTests.slowly)
                try swarm.settle()
                let pipe = try NamedPipe(swarm.scratch.path + "/pipe")
                let ctl = try fetcher.start(into: pipe, "req", "a.bin", "--stdout", json ? "--json" : "--no-sync")
                try eventually("the first bytes come") { pipe.read() && pipe.bytes.count > 0 }
                pipe.stopReading()
                let reply = try ctl.finish()
                #expect(reply.code == 141)
                if json {
                    let last = reply.errors.split(separator: "\n").last.flatMap { JSON(parsing: $0) }
                    #expect(last?["event"].string == "error" && last?["name"].string == "a.bin", "\(reply)")
                } else {
                    #expect(!reply.errors.contains("p2pctl:"), "\(reply)")
                }
                try fetcher.awaitFiles("a.bin")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A reader that does not read holds up neither p2pctl's end by Ctrl-C nor the download")
        func readerSleeps() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: StreamTests.length)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let pipe = try NamedPipe(swarm.scratch.path + "/pipe")
                let ctl = try fetcher.start(into: pipe, "req", "a.bin", "--stdout", "--json")
                try fetcher.awaitFiles("a.bin")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
                #expect(ctl.process.poll() == nil)
                ctl.process.signal(SIGINT)
                let reply = try ctl.finish()
                #expect(reply.code == 130)
                #expect(reply.errors.contains("interrupted"))
            }
        }

        @Test("What nobody has leaves standard output empty, and ends as without --stdout")
        func nobody() throws {
            try Swarm.run(peers: 2) { swarm in
                let reply = swarm.peers[0].ctl("req", "none.bin", "--stdout")
                #expect(reply.code == 66)
                #expect(reply.output.isEmpty)
                #expect(reply.errors.contains("none.bin"))
            }
        }
    }
}

extension Peer {
    /// Starts p2pctl with a pipe for its standard output.
    func start(into pipe: NamedPipe, _ arguments: String...) throws -> Ctl {
        try Ctl(["--control", control] + arguments, in: directory, output: pipe.path)
    }
}
