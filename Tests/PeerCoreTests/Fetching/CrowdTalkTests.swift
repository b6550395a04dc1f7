import Content
import Testing
import Wire

@testable import PeerCore

/// A peer behind another in a crowd's forest, and what they say to each other.
@Suite struct CrowdTalkTests {
    private let file: TestFile
    private let peer = Harness(id: 5)
    private let id: DownloadID
    private let origin: ConnectionID
    private let parent: ConnectionID

    /// A holder that has it all, and the one before this peer, which has nothing yet and is asked for the even pieces that the
    /// holder was not.
    init() throws {
        file = try TestFile(pieces: 60)
        origin = peer.fetch(file, from: [1]).1[0]
        id = peer.download
        peer.delta(joined: [2])
        parent = peer.connect(2)
        let none = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(PieceSet(pieceCount: 60)))
        peer.say(.have(request: try #require(peer.takeQuestion(on: parent)), try #require(none)), on: parent)
        try #require(before == .number(2))
        try #require(owed == [4, 6, 8, 10])
    }

    private var plan: Plan? { peer.machine.downloads[id]?.plan }

    /// Who is before this peer for the even pieces, as long as it is in the forest.
    private var before: PeerID? { plan?.branches.branch(of: 0)?.parent }

    /// The chunks of the file that the one before is asked for.
    private var owed: [Int] {
        (peer.machine.sessions[parent]?.chunks ?? []).filter { $0.download == id && !$0.isCancelled }.map(\.first)
    }

    private func callOff(_ piece: Int) { peer.say(.endOfChunk(first: piece, .cancelled), on: parent) }

    /// Another file, which the one before this peer has all of, is asked for on the same connection.
    private func fetchAnother() throws {
        let other = try TestFile("b.bin", pieces: 60, version: 2)
        peer.wish(other)
        peer.notHave(on: origin)
        peer.have(other, on: parent)
        peer.sendLayer(of: other, on: parent)
        peer.feed(.partialOpened(peer.download, peer.opened))
        let first = try #require(peer.machine.sessions[parent]?.chunks.last)
        try #require(first.download == peer.download && first.download != id)
    }

    @Test("A piece that was asked ahead counts as the one before's when it comes, though it never said so")
    func comes() {
        peer.deliver(1, of: file, on: parent)
        #expect(plan?.lanes[parent]?.holding.contains(4) == true && plan?.lanes[parent]?.holding.contains(6) == false)
        #expect(plan?.stored.contains(4) == true)
    }

    @Test("One that calls off what was asked ahead is out of the forest and stays a holder, whatever it told meanwhile")
    func calledOff() {
        peer.say(.nowHave(file.root, [4..<5]), on: parent)
        callOff(4)
        #expect(before == .number(2))
        callOff(6)
        #expect(plan?.branches.isLoose == false && before == nil)
        #expect(plan?.lanes[parent] != nil && peer.closed[parent] == nil)
    }

    @Test("One that breaks its word about what it has is no holder any more")
    func broken() {
        for piece in [4, 6, 8, 10] { callOff(piece) }
        peer.say(.nowHave(file.root, [4..<5]), on: parent)
        #expect(owed == [4])
        callOff(4)
        #expect(plan?.lanes[parent] == nil)
    }

    @Test("Beside another download nothing is asked ahead, and what makes way for it says nothing of the forest")
    func makesWay() throws {
        try fetchAnother()
        callOff(4)
        #expect(before == .number(2) && owed == [6, 8, 10])
        peer.say(.nowHave(file.root, [20..<21]), on: parent)
        for piece in [6, 8, 10] { callOff(piece) }
        #expect(owed == [20])
    }

    @Test("What is behind another download's chunks is waited for; what is not asked for at all is not")
    func excused() throws {
        try fetchAnother()
        peer.say(.nowHave(file.root, [20..<21]), on: parent)
        for piece in [4, 6, 8, 10] { callOff(piece) }
        try #require(owed == [20])
        peer.pass(.milliseconds(1500))
        #expect(before == .number(2))
        peer.machine.downloads[id]?.plan.release(20..<21, from: parent)
        _ = peer.machine.downloads[id]?.plan.stored(20)
        peer.pass(.milliseconds(1200))
        #expect(plan?.branches.isLoose == true)
    }

    @Test("Where the one before stood is looked at when it is known what it has")
    func met() throws {
        peer.delta(joined: [3])
        peer.say(.introduce(file.root, [.number(3)]), on: parent)
        let met = try #require(plan?.branches.branch(of: 1))
        #expect(met.parent == .number(3) && met.lane == nil)
        var some = PieceSet(pieceCount: 60)
        some.insert(0..<40)
        let next = peer.connect(3)
        let offer = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(some))
        peer.say(.have(request: try #require(peer.takeQuestion(on: next)), try #require(offer)), on: next)
        peer.pass(.milliseconds(300))
        let known = try #require(plan?.branches.branch(of: 1))
        #expect(known.began.has == 20 && known.lane == next)
    }
}
