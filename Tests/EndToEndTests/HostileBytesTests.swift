import Content
import Foundation
import Testing
import Wire

extension EndToEnd {
    @Suite(.serialized)
    struct HostileBytesTests {
        @Test("Random bytes close the connection and nothing else", arguments: [UInt64.random(in: 0..<1 << 32)])
        func randomBytes(seed: UInt64) throws {
            var generator = SeededGenerator(seed: seed)
            try attack { address in
                for _ in 0..<50 {
                    let socket = try RawSocket(connectingTo: address)
                    let count = Int.random(in: 1...100_000, using: &generator)
                    socket.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
                    socket.finishSending()
                    #expect(socket.isClosedByPeer())
                }
            }
        }

        @Test("A length of 2^32-1 closes the connection, whatever the type says")
        func hugeLength() throws {
            try attack { address in
                for type in UInt8.min...UInt8.max {
                    let socket = try RawSocket(connectingTo: address)
                    socket.send([0xFF, 0xFF, 0xFF, 0xFF, type])
                    #expect(socket.isClosedByPeer(), "type \(type)")
                }
            }
        }

        @Test("An empty frame closes the connection")
        func emptyFrame() throws {
            try attack { address in
                let socket = try RawSocket(connectingTo: address)
                socket.send([0, 0, 0, 0])
                socket.finishSending()
                #expect(socket.isClosedByPeer())
            }
        }

        @Test("A frame that ends in its middle closes the connection at the end of the stream")
        func truncatedFrames() throws {
            let hello = Message.hello(Hello(id: .someone, role: .peer)).encoded
            let second = Message.newPeer(port: 7001, label: "half").encoded
            try attack { address in
                for count in 1..<hello.count + second.count {
                    let socket = try RawSocket(connectingTo: address)
                    socket.send(Array((hello + second).prefix(count)))
                    socket.finishSending()
                    #expect(socket.isClosedByPeer(), "\(count) bytes")
                }
            }
        }

        @Test("Another magic or version, or anything before the hello, closes the connection")
        func wrongHello() throws {
            let hello = Message.hello(Hello(id: .someone, role: .peer)).encoded
            let bodyStart = WireLimits.headerSize
            var wrongMagic = hello
            wrongMagic[bodyStart] ^= 1
            var wrongVersion = hello
            wrongVersion[bodyStart + Hello.magic.count] ^= 1
            var wrongRole = hello
            wrongRole[hello.count - 1] = 77
            let requests: [Message] = [
                .newPeer(port: 7001, label: ""), .leftPeer, .pong(epoch: 0), .req(request: 1, .digest(.zero)),
                .piece(index: 0, length: 1), .ping(epoch: 1, size: 1),
            ]
            try attack { address in
                for bytes in [wrongMagic, wrongVersion, wrongRole] + requests.map(\.encoded) {
                    let socket = try RawSocket(connectingTo: address)
                    socket.send(bytes)
                    #expect(socket.isClosedByPeer(), "\(bytes)")
                }
            }
        }

        @Test("A message that no peer may send to the other end closes the connection")
        func wrongState() throws {
            let fromNobody: [Message] = [
                .hello(Hello(id: .someone, role: .peer)), .ping(epoch: 1, size: 1),
                .welcome(observed: PeerAddress(ipv4: 0x7F00_0001, port: 1), heartbeat: 1, silence: 1),
                .rosterSnapshot(RosterPage(epoch: 9, total: 0, first: 0, entries: [])),
                .rosterDelta(RosterDelta(epoch: 9, joined: [], left: [])),
            ]
            let toPeerOnly: [Message] = [
                .req(request: 1, .digest(.zero)), .piece(index: 0, length: 1), .endOfChunk(first: 0, .complete),
            ]
            let toManagerOnly: [Message] = [.newPeer(port: 7001, label: ""), .pong(epoch: 1), .rosterRequest]
            try attack { holder, manager in
                for message in fromNobody + toManagerOnly { try expectClose(holder, message) }
                for message in fromNobody + toPeerOnly { try expectClose(manager, message) }
            }
        }

        @Test("Joining twice on one connection closes it")
        func twice() throws {
            try attack { _, manager in
                try expectClose(manager, .newPeer(port: 7001, label: ""), .newPeer(port: 7002, label: ""))
            }
        }

        @Test("A piece that was never asked for closes the connection, before its bytes are taken")
        func unaskedPiece() throws {
            try attack { holder, _ in
                try expectClose(holder, .piece(index: 0, length: WireLimits.pieceSizeMax))
                try expectClose(holder, .piece(index: WireLimits.pieceCountMax - 1, length: 1))
            }
        }

        @Test("Answers to questions that were never asked harm nobody")
        func unaskedAnswers() throws {
            let root = FileRoot(digest: .zero, length: 1 << 30)
            let name = try ShareName("never-asked.bin")
            let offer = try #require(FileOffer(root: root, modified: 0, name: name))
            let answers: [Message] = [
                .have(request: 77, offer), .notHave(request: 77, .indexing), .hashes(root, first: 0, [.zero, .zero]),
                .endOfChunk(first: 5, .complete), .cancel(root, first: 0, count: 1), .noHashes(root),
            ]
            try attack { holder, _ in
                for answer in answers {
                    let connection = try WireConnection(greeting: holder)
                    connection.send(answer)
                    connection.socket.finishSending()
                    #expect(connection.socket.isClosedByPeer(), "\(answer)")
                }
            }
        }

        @Test("Chunks of files that are not there, and more chunks than anyone may have waiting, harm nobody")
        func chunkFlood() throws {
            try attack { holder, _ in
                let connection = try WireConnection(greeting: holder)
                let root = FileRoot(digest: .zero, length: PieceLayout.maxLength)
                for first in 0..<10_000 {
                    guard connection.send(.chunk(root, first: first, count: WireLimits.chunkPiecesMax)) else { break }
                }
                connection.socket.finishSending()
                #expect(connection.socket.isClosedByPeer())
            }
        }

        @Test("A name that leaves the share, or is none, closes the connection")
        func names() throws {
            let names: [[UInt8]] =
                [
                    "../x", "/etc/passwd", "a//b", "a/../../etc/passwd", "a/", ".", "..", "", "a\u{0}b", "a\nb",
                    "a\u{1B}[2Jb",
                    ".p2pd/peer.id", String(repeating: "n", count: 2048), String(repeating: "n", count: 1017),
                ].map { Array($0.utf8) } + [[0xFF, 0xFE], [0xC0, 0xAF], [0xED, 0xA0, 0x80]]
            try attack { holder, _ in
                for name in names {
                    let connection = try WireConnection(greeting: holder)
                    connection.socket.send(request(named: name))
                    #expect(connection.socket.isClosedByPeer(), "\(name.prefix(40))")
                }
            }
        }

        @Test("A name whose length goes beyond its frame closes the connection")
        func nameBeyondFrame() throws {
            try attack { holder, _ in
                let connection = try WireConnection(greeting: holder)
                var frame = request(named: Array("a.bin".utf8))
                frame[WireLimits.headerSize + 5] = 0xFF
                connection.socket.send(frame)
                #expect(connection.socket.isClosedByPeer())
            }
        }

        @Test("Many connections that say nothing do not keep others out")
        func silentConnections() throws {
            try attack { holder, manager in
                let sockets = try (0..<200).map { try RawSocket(connectingTo: $0.isMultiple(of: 2) ? holder : manager) }
                withExtendedLifetime(sockets) {}
            }
        }

        @Test("A peer that asks for chunks and never reads them does not make its holder grow")
        func neverReads() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "large.bin", length: 256 * mebibyte)
                let digest = try #require(Digest(hex: holder.files()["large.bin"] ?? ""))
                let root = FileRoot(digest: digest, length: UInt64(256 * mebibyte))
                let connections = try (0..<8).map { _ in
                    let connection = try WireConnection(greeting: holder.address)
                    for first in stride(from: 0, to: 256, by: 64) {
                        connection.send(.chunk(root, first: first, count: 64))
                    }
                    return connection
                }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "large.bin").code == 0)
                #expect(holder.process.residentBytes < Child.residentBytesMax)
                withExtendedLifetime(connections) {}
            }
        }

        @Test("A chunk asked for by hand is the file's bytes")
        func honestClient() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 2 * mebibyte + 7)
                let file = try FakeFile(holder.path("a.bin"), named: "a.bin")
                let connection = try WireConnection(greeting: holder.address)
                guard case .hello(let hello) = connection.receive() else { throw Failure("no hello") }
                #expect(hello.role == .peer)
                connection.send(.req(request: 5, .name(file.offer.name)))
                guard case .have(5, let offer) = connection.receive() else { throw Failure("no have") }
                #expect(offer.root == file.root)
                connection.send(.chunk(file.root, first: 1, count: 2))
                for index in 1...2 {
                    let expected = file.piece(index)
                    #expect(connection.receive() == .piece(index: index, length: expected.count))
                    #expect(connection.receiveRaw(expected.count) == expected)
                }
                #expect(connection.receive() == .endOfChunk(first: 1, .complete))
            }
        }

        /// The frame of a `req` by a name that `ShareName` would not hold.
        private func request(named name: [UInt8]) -> [UInt8] {
            let body = [1, 0, 0, 0, 0] + [UInt8(name.count & 0xFF), UInt8(name.count >> 8)] + name
            let length = body.count + 1
            return [UInt8(length & 0xFF), UInt8(length >> 8), 0, 0, MessageType.req.rawValue] + body
        }

        private func expectClose(_ address: PeerAddress, _ messages: Message...) throws {
            let connection = try WireConnection(greeting: address)
            for message in messages { connection.send(message) }
            #expect(connection.socket.isClosedByPeer(), "\(messages)")
        }

        /// The same for the ports of a peer and of the manager.
        private func attack(_ body: (PeerAddress) throws -> Void) throws {
            try attack { holder, manager in
                try body(holder)
                try body(manager)
            }
        }

        /// Lets `body` do its worst to a peer's port and to the manager's, then sees whether both still do their work.
        private func attack(_ body: (_ holder: PeerAddress, _ manager: PeerAddress) throws -> Void) throws {
            try Swarm.run { swarm in
                let holder = try swarm.addHolder(of: "a.bin", length: 3 * mebibyte)
                try body(holder.address, swarm.manager.address)
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "a.bin").code == 0)
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), holder.path("a.bin")))
                for daemon in [holder, swarm.manager] as [Daemon] {
                    #expect(daemon.process.poll() == nil, "\(daemon.name) has ended")
                    #expect(daemon.process.residentBytes < Child.residentBytesMax, "\(daemon.name)")
                }
            }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers for the same seed, which the test's name shows.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
