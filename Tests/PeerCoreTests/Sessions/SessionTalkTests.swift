import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct SessionTalkTests {
    private let peer = Harness()
    private let file: TestFile

    init() throws { file = try TestFile(pieces: 4) }

    @Test("Who connects is greeted, and may ask once it has said hello")
    func greets() {
        peer.feed(.indexed(file.shared))
        let connection = peer.accept(1)
        #expect(peer.sent(on: connection) == [.hello(Hello(id: .number(0), role: .peer))])
        peer.say(.req(request: 7, .name(file.name)), on: connection)
        #expect(peer.sent(on: connection).last == file.offer().map { .have(request: 7, $0) })
    }

    @Test(
        "Anything before hello is refused", arguments: [Message.req(request: 1, .digest(.zero)), .noHashes(.empty)])
    func beforeHello(_ message: Message) {
        let connection = peer.newConnection()
        peer.feed(.accepted(connection, from: .number(1)))
        peer.say(message, on: connection)
        #expect(peer.sent(on: connection).last?.type == .refused)
        #expect(peer.closed[connection] != nil && peer.sessionCount == 0)
    }

    @Test("A second hello, and what managers and their members say, is refused")
    func wrongTalk() {
        let messages: [Message] = [
            .hello(Hello(id: .number(1), role: .peer)), .leftPeer, .ping(epoch: 1, size: 1),
            .newPeer(port: 1, label: ""),
        ]
        for message in messages {
            let connection = peer.accept(1)
            peer.say(message, on: connection)
            #expect(peer.closed[connection] != nil, "\(message.type)")
        }
    }

    @Test("A peer that finds itself at the other end closes")
    func itself() {
        let connection = peer.accept(0)
        #expect(peer.closed[connection] != nil)
    }

    @Test("A daemon with another id at a peer's address is not told what was meant for that peer")
    func otherPeer() {
        peer.join([1])
        let request = peer.wish(file)
        let connection = peer.newConnection()
        peer.feed(.dialed(.peer(.number(1), .number(1)), connection))
        peer.say(.hello(Hello(id: .number(2), role: .peer)), on: connection)
        #expect(!peer.sent(on: connection).types.contains(.req))
        #expect(peer.closed[connection] != nil)
        #expect(peer.failure(of: request) == .nobody(asked: 1))
    }

    @Test("Who does not say hello within ten seconds is closed")
    func silent() {
        let connection = peer.newConnection()
        peer.feed(.accepted(connection, from: .number(1)))
        peer.pass(.seconds(9))
        #expect(peer.closed[connection] == nil)
        peer.pass(.milliseconds(1500))
        #expect(peer.closed[connection] != nil)
    }

    @Test("A connection on which nothing happens for a minute is closed, one in use is not")
    func idle() {
        let (idle, busy) = (peer.accept(1), peer.accept(2))
        for _ in 0..<7 {
            peer.pass(.seconds(10))
            peer.say(.req(request: 1, .digest(.zero)), on: busy)
        }
        #expect(peer.closed[idle] != nil && peer.closed[busy] == nil)
    }

    @Test("A connection on which a chunk is being served is not idle, however long that takes")
    func serving() {
        peer.feed(.indexed(file.shared))
        let connection = peer.accept(1)
        peer.say(.chunk(file.root, first: 0, count: 4), on: connection)
        peer.pass(.seconds(300))
        #expect(peer.closed[connection] == nil)
        peer.feed(.chunkServed(connection))
        peer.pass(.seconds(62))
        #expect(peer.closed[connection] != nil)
    }

    @Test("Beyond the limit of connections the next is refused as full")
    func full() {
        let peer = Harness { $0.inboundMax = 2 }
        _ = (peer.accept(1), peer.accept(2))
        let third = peer.newConnection()
        peer.feed(.accepted(third, from: .number(3)))
        guard case .refused(.full, _)? = peer.sent(on: third).first else {
            Issue.record("it was taken")
            return
        }
        #expect(peer.closed[third] != nil)
    }

    @Test("A connection that the other end opened is asked on as well, and not a second one opened")
    func symmetric() {
        peer.join([1])
        let connection = peer.accept(1)
        peer.wish(file)
        #expect(peer.dialed.isEmpty)
        #expect(peer.asked[connection]?.count == 1)
    }

    @Test("Several questions to one peer go over one connection")
    func oneConnection() throws {
        peer.join([1])
        peer.wish(file)
        peer.wish(try TestFile("b.bin", pieces: 1))
        #expect(peer.dialed == [.number(1)])
        let connection = peer.connect(1)
        #expect(peer.asked[connection]?.count == 2)
    }

    @Test("No more peers are dialed at a time than the limit, and the others as places come free")
    func contacts() {
        let peer = Harness { $0.contactsMax = 3 }
        peer.join(Array(1...10))
        let request = peer.wish(file)
        var answered = 0
        while let next = peer.dialed.min(by: { $0.low < $1.low }) {
            #expect(peer.dialed.count <= 3)
            if next.low.isMultiple(of: 2) { peer.failDial(next.low) } else { peer.notHave(on: peer.connect(next.low)) }
            answered += 1
        }
        #expect(answered == 10)
        #expect(peer.failure(of: request) == .nobody(asked: 10))
    }

    // MARK: Two connections with one peer

    /// A peer that connected while it was being dialed: the first file is asked for on the dialed connection, the second
    /// on the one it opened.
    private func crossed() throws -> (peer: Harness, requests: [RequestID], dialed: ConnectionID, opened: ConnectionID)
    {
        let peer = Harness()
        peer.join([1])
        let first = peer.wish(try TestFile("first", pieces: 1))
        let opened = peer.accept(1)
        let second = peer.wish(try TestFile("second", pieces: 1))
        let dialed = peer.connect(1)
        #expect(peer.asked[dialed]?.count == 1 && peer.asked[opened]?.count == 1)
        return (peer, [first, second], dialed, opened)
    }

    @Test(
        "When one of two connections with a peer ends, what was asked on it is asked on the other", arguments: [0, 1])
    func crossedOneEnds(_ ending: Int) throws {
        let (peer, requests, dialed, opened) = try crossed()
        let connections = [dialed, opened]
        peer.feed(.closed(connections[ending], reason: "reset"))
        #expect(requests.allSatisfy { peer.failure(of: $0) == nil })
        #expect(peer.asked[connections[1 - ending]]?.count == 2)
        for _ in requests { peer.notHave(on: connections[1 - ending]) }
        #expect(peer.closed[connections[1 - ending]] == nil)
        #expect(requests.allSatisfy { peer.failure(of: $0) == .nobody(asked: 1) })
    }

    @Test("When one of two connections with a peer ends, the other is spoken on", arguments: [0, 1])
    func crossedSpeaksOnOther(_ ending: Int) throws {
        let (peer, _, dialed, opened) = try crossed()
        let connections = [dialed, opened]
        peer.feed(.closed(connections[ending], reason: "reset"))
        peer.wish(file)
        #expect(peer.dialed.isEmpty)
        #expect(peer.asked[connections[1 - ending]]?.count == 3)
        peer.feed(.closed(connections[1 - ending], reason: "reset"))
        peer.wish(try TestFile("third", pieces: 1))
        #expect(peer.dialed == [.number(1)])
    }

    // MARK: Questions behind pieces

    /// A download runs, and another file is asked for on the connection by which its pieces come.
    private func askedBehindPieces() throws -> (peer: Harness, request: RequestID, connection: ConnectionID) {
        let peer = Harness()
        let (_, connections) = peer.fetch(try TestFile(pieces: 40), from: [1])
        let request = peer.wish(try other)
        #expect(peer.asked[connections[0]]?.count == 1)
        return (peer, request, connections[0])
    }

    private var other: TestFile { get throws { try TestFile("other", pieces: 1, version: 2) } }

    @Test("A question that waits for a second behind pieces is asked on another connection, and the next there at once")
    func behindPieces() throws {
        let (peer, request, connection) = try askedBehindPieces()
        peer.pass(.milliseconds(900))
        #expect(peer.dialed.isEmpty)
        peer.pass(.milliseconds(400))
        let another = peer.connect(1)
        #expect(peer.asked[another]?.map(\.number) == peer.asked[connection]?.map(\.number))
        peer.notHave(on: another)
        #expect(peer.failure(of: request) == .nobody(asked: 1))
        peer.wish(try TestFile("third", pieces: 1, version: 3))
        #expect(peer.asked[another]?.count == 1)
        peer.pass(.seconds(2))
        #expect(peer.dialed.isEmpty)
        // The answer that comes at last is no answer to what was not asked.
        peer.notHave(on: connection)
        #expect(peer.closed[connection] == nil)
        peer.say(.notHave(request: 1, .unknown), on: connection)
        #expect(peer.closed[connection]?.contains("not asked") == true)
    }

    @Test("What is asked on two connections is answered when both are gone, or one answers", arguments: [false, true])
    func behindPiecesLost(_ isDialed: Bool) throws {
        let (peer, request, connection) = try askedBehindPieces()
        peer.pass(.milliseconds(1300))
        if isDialed { peer.feed(.closed(peer.connect(1), reason: "reset")) } else { peer.failDial(1) }
        #expect(peer.failure(of: request) == nil)
        // It is tried again a second later.
        #expect(peer.dialed.isEmpty)
        peer.pass(.milliseconds(1300))
        let another = peer.connect(1)
        peer.feed(.closed(connection, reason: "reset"))
        let name = try other.name
        #expect(peer.failure(of: request) == nil && peer.asked[another]?.first?.query == .name(name))
        peer.have(try other, on: another)
        #expect(peer.closed[another] == nil)
    }

    @Test("No more than four further connections are opened, and none where no pieces are in the way")
    func behindPiecesMax() throws {
        let peer = Harness()
        let shared = try TestFile("shared", pieces: 1, version: 9)
        peer.feed(.indexed(shared.shared))
        peer.join([1])
        var connections = [peer.accept(1)]
        peer.wish(file)
        peer.pass(.milliseconds(1300))
        #expect(peer.dialed.isEmpty)
        for version in UInt8(2)...8 {
            // Each carries a piece that goes the other way.
            peer.say(.chunk(shared.root, first: 0, count: 1), on: connections[connections.count - 1])
            peer.wish(try TestFile("\(version)", pieces: 1, version: version), timeout: .seconds(100))
            peer.pass(.milliseconds(1300))
            if !peer.dialed.isEmpty { connections.append(peer.connect(1)) }
        }
        // The first is the other's.
        #expect(connections.count == 6 && peer.dialed.isEmpty)
        let before = peer.asked[connections[2]]?.count
        // What was asked last waits behind pieces as well. What the kernel has may take long to arrive; a connection on which
        // nothing has passed since then is closed, and there may be a new one.
        peer.feed(.chunkServed(connections[2]))
        peer.pass(.seconds(20))
        #expect(peer.asked[connections[2]]?.count == before && peer.closed.isEmpty)
        peer.pass(.milliseconds(40_500))
        #expect(peer.closed[connections[2]] == "idle" && peer.dialed == [.number(1)])
    }

    @Test("A connection is idle after a minute, and after a second with pieces that are owed and wanted no more")
    func idleWithLeftovers() throws {
        for owes in [true, false] {
            let peer = Harness()
            let (request, connections) = peer.fetch(file, from: [1])
            peer.feed(.cancel(request, file.name, keepData: false))
            for chunk in owes ? [] : peer.chunks[connections[0]] ?? [] {
                peer.say(.endOfChunk(first: chunk.lowerBound, .cancelled), on: connections[0])
            }
            peer.pass(.milliseconds(owes ? 900 : 59_000))
            #expect(peer.closed[connections[0]] == nil)
            peer.pass(.milliseconds(owes ? 400 : 2000))
            let reason = peer.closed[connections[0]]
            #expect(reason == (owes ? "what was called off is still in the way" : "idle"))
        }
    }
}
