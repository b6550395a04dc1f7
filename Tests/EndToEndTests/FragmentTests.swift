import Foundation
import Testing

extension EndToEnd {
    /// Files of a directory that were fetched by themselves.
    @Suite(.serialized)
    struct FragmentTests {
        private func addHolder(_ swarm: Swarm) throws -> Peer {
            let holder = try swarm.addPeer { share in
                for (seed, name) in ["one", "deep/two", "deep/three"].enumerated() {
                    try TestFile.write("\(share)/d/\(name)", length: 1000 + seed, seed: UInt64(seed))
                }
            }
            try holder.awaitFiles("d/one", "d/deep/two", "d/deep/three")
            return holder
        }

        private func versions(_ peer: Peer) -> Int {
            peer.ctl("who", "d/", "--json").json?["versions"].array.count ?? -1
        }

        @Test("A file that was fetched by itself makes no version of its directory, also after a restart")
        func fragment() throws {
            try Swarm.run { swarm in
                let holder = try addHolder(swarm)
                let collector = try swarm.addPeer()
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(collector.ctl("req", "d/deep/two").code == 0)
                #expect(versions(fetcher) == 1)
                try collector.terminate()
                try collector.restart()
                try swarm.settle()
                // A file that no row told of would be its user's own after a crash.
                #expect(collector.ctl("req", "d/one").code == 0)
                Thread.sleep(forTimeInterval: 0.3)
                collector.kill()
                try collector.restart()
                try swarm.settle()
                let reply = fetcher.ctl("req", "d/", "--json")
                #expect(reply.code == 0 && reply.event("done")?["files"]["fetched"].int == 3, "\(reply)")
                for name in ["d/one", "d/deep/two", "d/deep/three"] {
                    #expect(TestFile.sameBytes(fetcher.path(name), holder.path(name)))
                }
                // With the rest it is the whole directory, and one more holder of that.
                #expect(collector.ctl("req", "d/").code == 0)
                try eventually("both others have the whole") {
                    let versions = fetcher.ctl("who", "d/", "--json").json?["versions"].array ?? []
                    return versions.count == 1 && versions[0]["holders"].array.count == 2
                }
            }
        }

        @Test("Directories above one that was fetched, and a file that gets another mode, make no version either")
        func below() throws {
            try Swarm.run { swarm in
                _ = try addHolder(swarm)
                let collector = try swarm.addPeer()
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(collector.ctl("req", "d/deep/").code == 0)
                #expect(versions(fetcher) == 1)
                #expect(collector.ctl("req", "d/one").code == 0)
                #expect(chmod(collector.path("d/one"), 0o600) == 0)
                Thread.sleep(forTimeInterval: 1.5)
                #expect(versions(fetcher) == 1)
            }
        }

        @Test("A directory that was made for a fetched file is a version when somebody puts a file of his own into it")
        func claimed() throws {
            try Swarm.run { swarm in
                _ = try addHolder(swarm)
                let collector = try swarm.addPeer()
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(collector.ctl("req", "d/deep/two").code == 0)
                try TestFile.write(collector.path("d/own"), length: 10)
                try collector.awaitFiles("d/own")
                try eventually("there are two versions") { versions(fetcher) == 2 }
            }
        }
    }
}
