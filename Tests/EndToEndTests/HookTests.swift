import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct HookTests {
        /// A peer whose hooks are the lines of a shell script.
        private func addPeer(_ swarm: Swarm, _ setting: String, _ script: String, more: String = "") throws -> Peer {
            let path = swarm.scratch.path
            let program = "\(path)/\(setting)"
            try "#!/bin/sh\n\(script)\n".write(toFile: program, atomically: false, encoding: .utf8)
            try #require(chmod(program, 0o755) == 0)
            let file = "\(path)/hooks.toml"
            try "\(setting) = [\"\(program)\", \"an argument\"]\n\(more)\n".write(
                toFile: file, atomically: false, encoding: .utf8)
            return try swarm.addPeer(arguments: ["--config", file], environment: ["OUT=\(path)"])
        }

        /// NAME=value lines as `env` prints them.
        private func environment(_ path: String) throws -> [String: String] {
            try eventually("the hook has written \(path)") { TestFile.exists(path) }
            let pairs = TextFile.read(path).split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
            return Dictionary(
                pairs.map { ("\($0[0])", $0.count > 1 ? "\($0[1])" : "") }, uniquingKeysWith: { first, _ in first })
        }

        private let writeEnvironment = "echo \"ARGUMENT=$1\" > $OUT/new; env >> $OUT/new; mv $OUT/new $OUT/environment"

        @Test("When a file is in the share, the program is run with its name, root, path and length")
        func complete() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "models/a b.bin", length: 2_000_000)
                let fetcher = try addPeer(
                    swarm, "on_complete", "cmp \"$P2PD_PATH\" $OUT/original && \(writeEnvironment)")
                let original = swarm.scratch.path + "/original"
                try FileManager.default.linkItem(atPath: holder.path("models/a b.bin"), toPath: original)
                try swarm.settle()
                #expect(fetcher.ctl("req", "models/a b.bin").code == 0)
                let told = try environment(swarm.scratch.path + "/environment")
                #expect(told["ARGUMENT"] == "an argument")
                #expect(told["P2PD_NAME"] == "models/a b.bin")
                #expect(told["P2PD_PATH"] == fetcher.path("models/a b.bin"))
                #expect(told["P2PD_LENGTH"] == "2000000")
                #expect(told["P2PD_ROOT"] == holder.files()["models/a b.bin"])
                #expect(told["P2PD_CAUSE"] == nil)
                #expect(told["HOME"] == swarm.scratch.path)
            }
        }

        @Test("When a download has failed, the other program is run, with the cause")
        func error() throws {
            try Swarm.run { swarm in
                let original = swarm.scratch.path + "/original"
                try TestFile.write(original, length: 3 * mebibyte)
                let fake = try FakePeer(
                    FakeFile(original, named: "a.bin"), .wrongBytes, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try addPeer(swarm, "on_error", writeEnvironment)
                try eventually("the fake is known") { fetcher.roster().contains(fake.address.description) }
                #expect(fetcher.ctl("req", "a.bin").code == 65)
                let told = try environment(swarm.scratch.path + "/environment")
                #expect(told["P2PD_NAME"] == "a.bin")
                #expect(told["P2PD_CAUSE"] == "integrity")
                #expect(told["P2PD_EXIT"] == "65")
                #expect(told["P2PD_MESSAGE"]?.contains("no honest holder of a.bin") == true)
            }
        }

        @Test("Programs that hang hold neither the next download nor the end of the daemon")
        func hangs() throws {
            let names = (1...6).map { "\($0).bin" }
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for (seed, name) in names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: mebibyte, seed: UInt64(seed + 1))
                    }
                }
                for name in names { try holder.awaitFiles(name) }
                let fetcher = try addPeer(swarm, "on_complete", "echo $$ >> $OUT/hanging; exec sleep 1000")
                try swarm.settle()
                defer {
                    for line in TextFile.read(swarm.scratch.path + "/hanging").split(separator: "\n") {
                        if let process = pid_t(line) { kill(process, SIGKILL) }
                    }
                }
                for name in names { #expect(fetcher.ctl("req", name).code == 0, "\(name)") }
                #expect(fetcher.ctl("left").code == 0)
                #expect(try fetcher.process.wait(within: 10) == .exited(0))
                #expect(fetcher.log.contains("not run, since the daemon ends"))
            }
        }

        @Test(
            "A program that fails, or that takes too long, is in the log and among the downloads until it is cancelled")
        func fails() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/code.bin", length: 1000, seed: 1)
                    try TestFile.write(share + "/slow.bin", length: 1000, seed: 2)
                }
                try holder.awaitFiles("code.bin", "slow.bin")
                let fetcher = try addPeer(
                    swarm, "on_complete", "[ $P2PD_NAME = slow.bin ] || exit 7\nexec sleep 1000",
                    more: "hook_seconds = 1")
                try swarm.settle()
                for name in ["code.bin", "slow.bin"] { #expect(fetcher.ctl("req", name).code == 0) }
                try eventually("the failures are in the log") {
                    fetcher.log.contains("it ended with code 7") && fetcher.log.contains("not done after 1 s")
                }
                let listed = fetcher.ctl("downloads", "--json").json?["downloads"].array ?? []
                #expect(listed.compactMap { $0["name"].string }.sorted() == ["code.bin", "slow.bin"])
                #expect(listed.allSatisfy { $0["state"].string == "done" && $0["have"].int == 1000 })
                #expect(listed.allSatisfy { $0["id"].int == nil })
                #expect(listed.contains { $0["hook"].string?.contains("code 7") == true })
                #expect(fetcher.ctl("cancel", "code.bin", "slow.bin").code == 0)
                #expect(fetcher.ctl("downloads").output == "no downloads\n")
            }
        }

        @Test(
            "A directory runs its hook once, and of its files only those that were asked for too; whose hook failed is listed"
        )
        func directory() throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/good/small", length: 1000, seed: 1)
                    try TestFile.write(share + "/good/large", length: 2 * mebibyte, seed: 2)
                    try TestFile.write(share + "/good/asked", length: 30 * mebibyte, seed: 3)
                }
                try holder.awaitFiles("good/small", "good/large", "good/asked")
                let fetcher = try addPeer(
                    swarm, "on_complete", "echo $P2PD_KIND $P2PD_NAME >> $OUT/ran\nexit 7",
                    more: "max_download = \"8M\"")
                try swarm.settle()
                #expect(fetcher.ctl("req", "good/", "--background").code == 0)
                #expect(fetcher.ctl("req", "good/asked", "--background").code == 0)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                let reply = fetcher.ctl("wait", "good/", "--json")
                #expect(reply.code == 0, "\(reply)")
                try eventually("both hooks have failed") {
                    fetcher.download("good")?["hook"].string != nil
                        && fetcher.download("good/asked")?["hook"].string != nil
                }
                let ran = TextFile.read(swarm.scratch.path + "/ran").split(separator: "\n")
                #expect(ran.sorted() == ["directory good", "file good/asked"])
                let row = try #require(fetcher.download("good"))
                #expect(row["kind"].string == "tree" && row["state"].string == "done")
                #expect(row["root"].string == reply.event("done")?["root"].string)
                #expect(row["have"].int == 32 * mebibyte + 1000 && row["length"].int == 32 * mebibyte + 1000)
                #expect(fetcher.ctl("downloads").output.contains("good/  (hook: "))
                #expect(
                    fetcher.ctl("cancel", "good/", "good/asked").output == "cancelled good/\ncancelled good/asked\n")
                #expect(fetcher.ctl("downloads").output == "no downloads\n")
            }
        }
    }
}
