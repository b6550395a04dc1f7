import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct ExitCodeTests {
        @Test(
            "A command line that cannot be right is 64",
            arguments: [
                ["req"], ["nonsense"], ["req", "a", "--nonsense"], ["req", "a", "--root", "xyz"], ["req", "../x"],
                ["req", "/etc/passwd"], ["req", "a//b"], ["req", "a\nb"], ["req", ""],
                ["req", String(repeating: "n", count: 2048)], ["req", "a", "--timeout", "-1"], ["cancel"],
                ["req", "--root", String(repeating: "1", count: 64), "a", "b"], ["req", "-dash"], ["pause", "-rush"],
                ["req", "- one"], ["priority", "--", "-q", "101"],
            ])
        func usage(arguments: [String]) throws {
            try Swarm.run(peers: 1) { swarm in
                let reply = try Ctl(["--control", swarm.peers[0].control] + arguments, in: swarm.scratch.path).finish()
                #expect(reply.code == 64, "\(reply)")
                #expect(!reply.errors.isEmpty)
            }
        }

        @Test("One dash makes no option: it is told how a name that begins so is written, behind --")
        func dashes() throws {
            try Swarm.run(peers: 1) { swarm in
                let peer = swarm.peers[0]
                #expect(peer.ctl("req", "-hash").errors.contains("p2pctl req -- -hash"))
                #expect(peer.ctl("cancel", "-hash").errors.contains("p2pctl cancel -- -hash"))
                #expect(peer.ctl("req", "--", "-hash").code == 66)
                #expect(peer.ctl("priority", "--", "-q", "-5").code == 66)
                #expect(peer.ctl("priority", "q", "-5").code == 66)
                let base = "\(swarm.scratch.path)/no-text"
                let noText = try Child(
                    "/bin/sh", ["-c", "exec \"$0\" req \"$(printf '\\377')\"", Programs.p2pctl],
                    environment: Swarm.environment(swarm.scratch.path),
                    streams: Child.Streams(output: base + ".out", errors: base + ".err"))
                #expect(try noText.wait() == .exited(64))
            }
        }

        @Test("`help` and --help are done, and --help tells the exit codes")
        func help() throws {
            let scratch = try Scratch()
            defer { scratch.remove() }
            #expect(try Ctl(["help"], in: scratch.path).finish().code == 0)
            let reply = try Ctl(["--help"], in: scratch.path).finish()
            #expect(reply.code == 0)
            for code in ["64", "65", "66", "69", "73", "74", "75", "76", "124", "130"] {
                #expect(reply.output.contains(code))
            }
        }

        @Test("A name that nobody has is 66")
        func nobody() throws {
            try Swarm.run(peers: 3) { swarm in
                let reply = swarm.peers[0].ctl("req", "missing.bin", "--json")
                #expect(reply.code == 66)
                #expect(reply.event("error")?["exit"].int == 66)
                #expect(swarm.peers[0].ctl("req", "missing.bin").code == 66)
                let root = String(repeating: "1", count: 64)
                #expect(swarm.peers[0].ctl("req", "--root", root, "a").errors.contains("nobody has root \(root)"))
            }
        }

        @Test("A daemon that is not there is 69, and the message names its socket")
        func unreachable() throws {
            let scratch = try Scratch()
            defer { scratch.remove() }
            let reply = try Ctl(["--control", scratch.path + "/none.sock", "status"], in: scratch.path).finish()
            #expect(reply.code == 69)
            #expect(reply.errors.contains("none.sock"))
        }

        @Test("A daemon that dies under a request is 69")
        func daemonDies() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: longFile)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                fetcher.kill()
                #expect(try ctl.finish().code == 69)
            }
        }

        @Test("Two versions of a name are 76; the error lists both and --root chooses")
        func conflict() throws {
            try Swarm.run { swarm in
                let left = try swarm.addHolder(of: "a.bin", length: mebibyte, seed: 1)
                let right = try swarm.addHolder(of: "a.bin", length: mebibyte + 1, seed: 2)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let roots = [left, right].compactMap { $0.files()["a.bin"] }
                let reply = fetcher.ctl("req", "a.bin")
                #expect(reply.code == 76)
                let text = reply.output + reply.errors
                for root in roots { #expect(text.contains(root.prefix(12))) }
                for holder in [left, right] { #expect(text.contains(holder.address.description)) }
                #expect(text.contains("--root"))
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                let error = fetcher.ctl("req", "a.bin", "--json").event("error")
                #expect(Set((error?["versions"].array ?? []).compactMap { $0["root"].string }) == Set(roots))
                #expect(fetcher.ctl("req", "a.bin", "--root", roots[1]).code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), right.path("a.bin")))
            }
        }

        @Test("A peer of the roster that never answers makes the asking time out: 124")
        func timedOut() throws {
            try Swarm.run(peers: 2) { swarm in
                swarm.peers[1].freeze()
                #expect(swarm.peers[0].ctl("req", "a.bin", "--timeout", "2").code == 124)
            }
        }

        @Test("An interrupted client is 130, and the download goes on")
        func interrupted() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: longFile)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                ctl.process.signal(SIGINT)
                #expect(try ctl.finish().code == 130)
                try fetcher.awaitFiles("a.bin")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test(
            "A full disk is 74, with errno 28 in the JSON, and leaves nothing behind",
            .enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
        func diskFull() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "large.bin", length: 8 * mebibyte)
                try swarm.addHolder(of: "small.bin", length: mebibyte)
                let disk = try SmallDisk(at: swarm.scratch.path + "/peer3", mebibytes: 4)
                defer { disk.unmount() }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let reply = fetcher.ctl("req", "large.bin", "--json")
                #expect(reply.code == 74)
                #expect(reply.event("error")?["errno"].int == 28)
                #expect(fetcher.ctl("req", "large.bin").code == 74)
                #expect(!TestFile.exists(fetcher.path("large.bin")))
                #expect(fetcher.ctl("req", "small.bin").code == 0)
                fetcher.kill()
            }
        }
    }
}
