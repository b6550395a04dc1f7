import Foundation
import Testing

extension EndToEnd {
    /// A real fetcher against holders that lie, break the protocol, hang or go away at a chosen piece.
    @Suite(.serialized)
    struct MisbehavingHolderTests {
        private static let length = 24 * mebibyte + 5

        @Test(
            "Whatever one holder does, the file comes whole from the honest one", arguments: FakePeer.Behaviour.allCases
        )
        func oneOfTwo(behaviour: FakePeer.Behaviour) throws {
            try Swarm.run { swarm in
                let honest = try swarm.addHolder(of: "a.bin", length: MisbehavingHolderTests.length)
                let fake = try swarm.addFake(behaviour, like: honest)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [honest], and: fake)
                let reply = fetcher.ctl("req", "a.bin", "--json", within: 120)
                #expect(reply.code == 0, "\(reply)")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), honest.path("a.bin")))
                let fromFake = reply.event("done")?["holders"].array.first {
                    $0["address"].string == fake.address.description
                }
                switch behaviour {
                case .honest: #expect(fromFake?["bytes"].int ?? 0 > 0)
                // Its pieces are right; only if the layer is asked of it does it show that it lies.
                case .wrongLayer: break
                case .wrongBytes, .wrongFiles, .wrongThenGone, .wrongIndex, .wrongLength, .babbles:
                    #expect(fromFake?["bytes"].int ?? 0 == 0, "bytes of a liar were taken")
                case .lacksAll, .callsOff, .everBusy: #expect(fromFake == nil)
                case .offersBeyond, .gainsBeyond:
                    #expect(fromFake == nil)
                    #expect(!fake.refusals.isEmpty, "it was not told why")
                case .dies, .stalls: #expect(fromFake?["bytes"].int ?? 0 < MisbehavingHolderTests.length)
                }
            }
        }

        @Test(
            "With nobody but a liar there is no file, and 65",
            arguments: [FakePeer.Behaviour.wrongBytes, .wrongLayer, .wrongThenGone])
        func onlyLiar(behaviour: FakePeer.Behaviour) throws {
            try Swarm.run { swarm in
                let original = swarm.scratch.path + "/original"
                try TestFile.write(original, length: MisbehavingHolderTests.length)
                let file = try FakeFile(original, named: "a.bin")
                let fake = try FakePeer(file, behaviour, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [], and: fake)
                let reply = fetcher.ctl("req", "a.bin", "--json")
                #expect(reply.code == 65, "\(reply)")
                #expect(reply.event("error")?["exit"].int == 65)
                #expect(!TestFile.exists(fetcher.path("a.bin")))
            }
        }

        @Test("A holder that is only ever busy does not keep its client beyond --timeout")
        func everBusy() throws {
            try Swarm.run { swarm in
                let original = swarm.scratch.path + "/original"
                try TestFile.write(original, length: MisbehavingHolderTests.length)
                let fake = try FakePeer(
                    try FakeFile(original, named: "a.bin"), .everBusy, joining: swarm.manager.address)
                defer { fake.stop() }
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [], and: fake)
                let reply = fetcher.ctl("req", "a.bin", "--timeout", "3", "--json")
                #expect(reply.code == 75, "\(reply)")
                #expect(fetcher.download("a.bin") != nil)
            }
        }

        @Test("What came before the only holder died is kept, and another holder of the root completes it")
        func resumed() throws {
            try Swarm.run { swarm in
                let original = swarm.scratch.path + "/original"
                try TestFile.write(original, length: MisbehavingHolderTests.length)
                let file = try FakeFile(original, named: "a.bin")
                let fake = try FakePeer(file, .dies, joining: swarm.manager.address)
                let fetcher = try swarm.addPeer()
                try fetcher.awaitRoster(of: [], and: fake)
                #expect(fetcher.ctl("req", "a.bin", "--timeout", "3").code == 75)
                let download = fetcher.ctl("downloads", "--json").json?["downloads"].array.first
                #expect(download?["have"].int ?? 0 > 0)
                try swarm.addPeer { try FileManager.default.linkItem(atPath: original, toPath: $0 + "/other-name.bin") }
                try eventually("the download is whole") { TestFile.exists(fetcher.path("a.bin")) }
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), original))
            }
        }
    }
}

extension Swarm {
    /// Joins a fake that offers the file `a.bin` of an honest peer.
    fileprivate func addFake(_ behaviour: FakePeer.Behaviour, like honest: Peer) throws -> FakePeer {
        try FakePeer(FakeFile(honest.path("a.bin"), named: "a.bin"), behaviour, joining: manager.address)
    }
}

extension Peer {
    func awaitRoster(of others: [Peer], and fake: FakePeer) throws {
        try awaitRoster(of: others)
        try eventually("\(name) knows the fake") { roster().contains(fake.address.description) }
    }
}
