import Content
import Foundation
import Testing

extension EndToEnd {
    /// Directories as no honest peer would offer them.
    @Suite(.serialized)
    struct HostileTreeTests {
        enum Manifest: CaseIterable {
            case leadsOut
            case absolute
            case insideLink
            case duplicate
            case caseCollision
            case setuid
            case lengthsBeyondAll
            case millions
            case cutOff
            case somethingElse
            case empty

            var bytes: [UInt8] {
                var manifest = RawManifest()
                switch self {
                case .leadsOut: manifest.addFile("../evil.txt")
                case .absolute: manifest.addFile("/tmp/p2pd-evil.txt")
                case .insideLink:
                    manifest.addFile("a")
                    manifest.addFile("a/evil.txt")
                case .duplicate:
                    manifest.addFile("twice")
                    manifest.addFile("twice")
                case .caseCollision:
                    manifest.addFile("README")
                    manifest.addFile("Readme")
                case .setuid: manifest.addFile("root-shell", mode: 0o4755)
                case .lengthsBeyondAll:
                    for name in ["a", "b", "c"] { manifest.addFile(name, length: 1 << 62) }
                case .millions:
                    manifest.addFile("a")
                    manifest.claimedCount = 1_000_001
                case .cutOff:
                    manifest.addFile("a")
                    return manifest.bytes.dropLast(3)
                case .somethingElse: return Array("#!/bin/sh\nrm -rf /\n".utf8)
                case .empty: return []
                }
                return manifest.bytes
            }
        }

        /// A fetcher, a holder of an honest file, and a fake that offers a directory.
        private func run(
            _ bytes: [UInt8], _ behaviour: FakePeer.Behaviour = .honest,
            _ body: (Swarm, _ fetcher: Peer, FakePeer) throws -> Void
        ) throws {
            try Swarm.run { swarm in
                let honest = try swarm.addHolder(of: "a.bin", length: mebibyte)
                let fake = try FakePeer(
                    try FakeFile(bytes, named: "tree", isTree: true), behaviour, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [honest], and: fake)
                try body(swarm, fetcher, fake)
                // It has survived, and goes on.
                #expect(fetcher.process.poll() == nil)
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(fetcher.process.residentBytes < Child.residentBytesMax)
            }
        }

        @Test(
            "A manifest that is none is refused with the reason, its holder told why, and nothing is made of it",
            arguments: Manifest.allCases)
        func refused(manifest: Manifest) throws {
            try run(manifest.bytes) { swarm, fetcher, fake in
                let before = try FileManager.default.contentsOfDirectory(atPath: swarm.scratch.path).filter(isNoOutput)
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.code == 65, "\(reply)")
                #expect(reply.event("error")?["message"].string?.contains("is refused: ") == true)
                #expect(try FileManager.default.contentsOfDirectory(atPath: fetcher.share).isEmpty)
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: swarm.scratch.path).filter(isNoOutput) == before
                )
                #expect(!TestFile.exists("/tmp/p2pd-evil.txt"))
                try eventually("the fake is told why") { fake.refusals.contains { $0.contains("tree") } }
            }
        }

        /// What p2pctl said is kept there, too.
        private func isNoOutput(_ name: String) -> Bool { !name.hasPrefix("ctl-") }

        @Test(
            "A manifest that does not lead to its root is integrity, whether a piece of it is wrong or its layer",
            arguments: [FakePeer.Behaviour.wrongBytes, .wrongLayer])
        func wrongRoot(behaviour: FakePeer.Behaviour) throws {
            var manifest = RawManifest()
            // More than a piece, so that it has a layer.
            for number in 0..<30_000 {
                manifest.addDirectory("d\(100_000 + number)" + String(repeating: "x", count: 40))
            }
            try run(manifest.bytes, behaviour) { _, fetcher, _ in
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.code == 65, "\(reply)")
                let made = try FileManager.default.contentsOfDirectory(atPath: fetcher.share)
                #expect(made.isEmpty)
            }
        }

        @Test("The same fake with a manifest as it should be is believed")
        func honest() throws {
            var manifest = RawManifest()
            manifest.addDirectory("a")
            manifest.addDirectory("a/b")
            try run(manifest.bytes) { _, fetcher, fake in
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.code == 0 && reply.event("done")?["already"].bool == false)
                #expect(TestFile.exists(fetcher.path("tree/a/b")))
                #expect(fetcher.ctl("req", "tree/", "--json").event("done")?["already"].bool == true)
                #expect(fake.refusals.isEmpty)
            }
        }

        @Test("A holder that sends other files than its manifest names is refused the third time; none is delivered")
        func wrongFiles() throws {
            try Swarm.run { swarm in
                let contents = (0..<5).map { number in [UInt8](repeating: UInt8(number), count: 100) }
                let files = try contents.enumerated().map { try FakeFile($1, named: "tree/\($0)") }
                var manifest = RawManifest()
                for (number, file) in files.enumerated() { manifest.addFile("\(number)", of: file.root) }
                let tree = try FakeFile(manifest.bytes, named: "tree", isTree: true)
                let fake = try FakePeer([tree] + files, .wrongFiles, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [], and: fake)
                for _ in 0..<3 { #expect(fetcher.ctl("req", "tree/").code == 65) }
                #expect(try FileManager.default.subpathsOfDirectory(atPath: fetcher.share) == ["tree"])
                #expect(fetcher.ctl("bans", "--json").json?["bans"].array.count == 1)
            }
        }
    }
}
