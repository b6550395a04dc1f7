import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct ControlTests {
        @Test("Only the owner may use the control socket")
        func mode() throws {
            try Swarm.run(peers: 1) { swarm in
                var status = stat()
                #expect(lstat(swarm.peers[0].control, &status) == 0)
                #expect(status.st_mode & S_IFMT == S_IFSOCK)
                #expect(status.st_mode & 0o777 == 0o600)
            }
        }

        @Test("The control socket that a killed daemon left is replaced")
        func staleSocket() throws {
            try Swarm.run(peers: 1) { swarm in
                swarm.peers[0].kill()
                #expect(TestFile.exists(swarm.peers[0].control))
                try swarm.peers[0].restart()
                try swarm.peers[0].awaitReady()
            }
        }

        @Test("A second daemon on a state directory ends at once and names the process that holds it")
        func secondDaemon() throws {
            try Swarm.run(peers: 1) { swarm in
                let first = swarm.peers[0]
                let base = swarm.scratch.path + "/second"
                try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
                let second = try Child(
                    Programs.p2pd,
                    [
                        "peer", String(try Ports.next()), base, "--manager", swarm.manager.address.description,
                        "--control", base + ".sock", "--state", first.state,
                    ], environment: Swarm.environment(swarm.scratch.path),
                    streams: Child.Streams(output: base + ".out", errors: base + ".log"))
                let ending = try second.wait()
                #expect(ending != .exited(0))
                #expect(second.errors.contains(String(first.process.pid)))
                #expect(second.errors.contains(first.state))
                #expect(first.ctl("status").code == 0)
            }
        }

        @Test("A second daemon does not take the control socket of one that lives")
        func livingSocket() throws {
            try Swarm.run(peers: 1) { swarm in
                let first = swarm.peers[0]
                let base = swarm.scratch.path + "/second"
                try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
                let second = try Child(
                    Programs.p2pd,
                    [
                        "peer", String(try Ports.next()), base, "--manager", swarm.manager.address.description,
                        "--control", first.control, "--state", base + ".state",
                    ], environment: Swarm.environment(swarm.scratch.path),
                    streams: Child.Streams(output: base + ".out", errors: base + ".log"))
                #expect(try second.wait() != .exited(0))
                #expect(second.errors.contains(first.control))
                #expect(first.ctl("status", "--json").json?["listen"].string == first.address.description)
            }
        }

        @Test("systemd hears that a daemon is ready")
        func readiness() throws {
            try Swarm.run { swarm in
                let notify = try NotifyListener(swarm.scratch.path + "/notify")
                try swarm.addPeer(environment: ["NOTIFY_SOCKET=\(notify.path)"])
                try eventually("READY=1 comes") { notify.receive().split(separator: "\n").contains("READY=1") }
            }
        }

        @Test("The progress of a request is told while it runs, and never goes back")
        func progress() throws {
            try Swarm.run { swarm in
                try swarm.addHolder(of: "a.bin", length: longFile)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let reply = fetcher.ctl("req", "a.bin", "--json")
                let told = reply.lines.filter { $0["event"].string == "progress" }.compactMap { $0["have"].int }
                #expect(!told.isEmpty)
                #expect(told == told.sorted())
                #expect(reply.event("found")?["length"].int == longFile)
                #expect(reply.lines.last?["event"].string == "done")
            }
        }

        @Test("A client that vanishes does not stop its download")
        func clientVanishes() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: longFile)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                ctl.process.end()
                try fetcher.awaitFiles("a.bin")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
            }
        }

        @Test("A cancelled download is gone, its request ends with 130, and it can be asked for again")
        func cancel() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: longFile)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let ctl = try fetcher.start("req", "a.bin", "--json")
                try ctl.awaitEvent("found")
                holder.freeze()
                #expect(fetcher.ctl("cancel", "a.bin").code == 0)
                #expect(try ctl.finish().code == 130)
                #expect(fetcher.ctl("downloads", "--json").json?["downloads"].array.count == 0)
                #expect(!TestFile.exists(fetcher.path("a.bin")))
                holder.thaw()
                #expect(fetcher.ctl("req", "a.bin").code == 0)
            }
        }

        @Test("To cancel what is not being downloaded is 66")
        func cancelNothing() throws {
            try Swarm.run(peers: 1) { swarm in
                #expect(swarm.peers[0].ctl("cancel", "a.bin").code == 66)
            }
        }

        @Test("Every command prints something for people, and one JSON value with --json")
        func reports() throws {
            try Swarm.run { swarm in
                let peer = try swarm.addHolder(of: "a.bin", length: 1000)
                for command in ["status", "peers", "files", "downloads"] {
                    let reply = peer.ctl(command)
                    #expect(reply.code == 0, "\(command)")
                    #expect(!(reply.output + reply.errors).isEmpty, "\(command)")
                    #expect(peer.ctl(command, "--json").json != nil, "\(command)")
                }
            }
        }

        @Test("P2PCTL_CONTROL names the socket")
        func environment() throws {
            try Swarm.run(peers: 1) { swarm in
                let base = swarm.scratch.path + "/ctl"
                let child = try Child(
                    Programs.p2pctl, ["status", "--json"],
                    environment: Swarm.environment(swarm.scratch.path) + ["P2PCTL_CONTROL=" + swarm.peers[0].control],
                    streams: Child.Streams(output: base + ".out", errors: base + ".err"))
                #expect(try child.wait() == .exited(0))
            }
        }

        @Test("On a terminal the prompt takes `help`, `req FILE` and `left_peer`")
        func prompt() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let terminal = try Terminal()
                let base = swarm.scratch.path + "/prompt"
                let child = try Child(
                    Programs.p2pctl, ["--control", fetcher.control], environment: Swarm.environment(swarm.scratch.path),
                    streams: Child.Streams(input: terminal.path, output: terminal.path, errors: base + ".err"))
                terminal.type("help\n")
                try eventually("help lists left_peer") { terminal.screen().contains("left_peer") }
                terminal.type("req a.bin\n")
                try fetcher.awaitFiles("a.bin")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
                terminal.type("left_peer\n")
                #expect(try fetcher.process.wait() == .exited(0))
                #expect(try child.wait() == .exited(0))
            }
        }

        @Test("Garbage on the control socket is answered or closed, and the daemon goes on")
        func garbage() throws {
            try Swarm.run(peers: 1) { swarm in
                let peer = swarm.peers[0]
                let lines = [
                    "nonsense\n", "{}\n", "[]\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nonsense\"}\n",
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"req\",\"params\":{\"name\":\"../x\"}}\n",
                    String(repeating: "[", count: 100_000) + "\n", String(repeating: "x", count: 4 << 20), "\u{0}\n",
                ]
                for line in lines {
                    let socket = try RawSocket(connectingToUnix: peer.control)
                    socket.send(Array(line.utf8))
                    socket.finishSending()
                    #expect(socket.isClosedByPeer(), "\(line.prefix(80))")
                }
                #expect(peer.ctl("status").code == 0)
            }
        }
    }
}
