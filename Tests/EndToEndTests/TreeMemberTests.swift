import Foundation
import Testing

extension EndToEnd {
    /// Large files of directories: downloads of their own, which come and go with their directory.
    @Suite(.serialized)
    struct TreeMemberTests {
        private static let names = (1...3).map { "d/f\($0)" }

        private func run(_ body: (_ holder: Peer, _ fetcher: Peer) throws -> Void) throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "4M"]) { share in
                    for (seed, name) in Self.names.enumerated() {
                        try TestFile.write("\(share)/\(name)", length: 4 * mebibyte, seed: UInt64(seed + 1))
                    }
                }
                try eventually("all are indexed") { holder.files().count == Self.names.count }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "d/", "--background").code == 0)
                try eventually("some has come") { fetcher.count("bytesIn") > 2 * mebibyte }
                try body(holder, fetcher)
            }
        }

        private func expectAll(_ holder: Peer, _ fetcher: Peer) throws {
            for name in Self.names { #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)), "\(name)") }
            #expect(fetcher.ctl("downloads").output == "no downloads\n")
            #expect(try fetcher.partialFiles().isEmpty)
        }

        @Test("A file that changes at its holder while its directory comes does not keep the new version from coming")
        func changed() throws {
            try run { holder, fetcher in
                let root = try #require(holder.files()["d/f3"])
                try TestFile.write(holder.path("d/f3"), length: 5 * mebibyte, seed: 99)
                let reply = fetcher.ctl("wait", "d/")
                #expect(reply.code == 75, "\(reply)")
                let cause = fetcher.download("d/f3")?["cause"].string
                #expect(cause?.contains("by itself") != true, "\(cause ?? "")")
                try eventually("the change is indexed") { holder.files()["d/f3"].map { $0 != root } ?? false }
                let again = fetcher.ctl("req", "d/")
                #expect(again.code == 0, "\(again)")
                try expectAll(holder, fetcher)
            }
        }

        @Test(
            "A directory that is kept and then cancelled leaves nothing of its files, also after a restart",
            arguments: [false, true])
        func keptAndCancelled(_ isRestarted: Bool) throws {
            try run { _, fetcher in
                #expect(fetcher.ctl("cancel", "d/", "--keep-data").code == 0)
                #expect(fetcher.download("d")?["state"].string == "kept")
                if isRestarted {
                    try fetcher.terminate()
                    try fetcher.restart()
                    try fetcher.awaitReady()
                }
                #expect(fetcher.ctl("cancel", "d/").code == 0)
                #expect(fetcher.ctl("downloads").output == "no downloads\n")
                try eventually("the partial files are gone") { try fetcher.partialFiles().isEmpty }
                #expect(fetcher.ctl("resume", "--all").code == 0)
                #expect(!TestFile.exists(fetcher.path("d")))
            }
        }

        @Test("A directory that failed for its rotten file ends by itself when that is repaired, and is offered again")
        func rotten() throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/d/well", length: 1000, seed: 1)
                    try TestFile.write(share + "/d/big", length: 5 * mebibyte, seed: 2)
                }
                try holder.awaitFiles("d/well", "d/big")
                let peer = try swarm.addPeer()
                let other = try swarm.addPeer()
                try swarm.settle()
                #expect(peer.ctl("req", "d/").code == 0)
                let rotting = RottingFile(peer.path("d/big"))
                try rotting.rot(at: 4 * mebibyte + 1)
                #expect(peer.ctl("verify", "d/big").code == 65)
                // Neither a directory's file nor one by itself is fetched over what may be mended.
                for name in ["d/", "d/big"] {
                    let told = peer.ctl("req", name)
                    #expect(told.code == 65)
                    #expect((told.output + told.errors).contains("p2pctl verify --repair"), "\(told)")
                }
                #expect(peer.ctl("files").output.contains("a download of d/ is listed as failed"))
                #expect(peer.ctl("verify", "--repair", "d/").code == 0)
                try eventually("the directory's download has ended") {
                    peer.ctl("downloads").output == "no downloads\n"
                }
                #expect(!peer.ctl("files").output.contains("error"))
                let versions = other.ctl("who", "d/", "--json").json?["versions"].array
                #expect(versions?.map { $0["holders"].array.count } == [2])
            }
        }

        @Test("One file of a directory that comes is not paused by itself; whoever tries hears what to pause")
        func paused() throws {
            try run { holder, fetcher in
                let reply = fetcher.ctl("pause", "d/f2")
                #expect(reply.code == 64)
                #expect(reply.errors.contains("d/f2 is fetched as part of d/"), "\(reply)")
                #expect(fetcher.ctl("pause", "d/").code == 0)
                #expect(fetcher.download("d")?["state"].string == "paused")
                #expect(fetcher.ctl("resume", "d/").code == 0)
                #expect(fetcher.ctl("wait", "d/").code == 0)
                try expectAll(holder, fetcher)
            }
        }
    }
}
