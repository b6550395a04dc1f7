import Content
import ManagerCore
import Testing
import Wire

@testable import PeerCore
@testable import Simulation

/// Each checker is shown what must not be, in a world where nothing has happened yet.
@Suite struct CheckerTests {
    private let world: World
    private let peer: PeerHost
    private let work: Work
    private let connection = ConnectionID(rawValue: 7)
    private let disk = DiskFailure(message: "fsync", code: 5, isOutOfSpace: false)

    init() throws {
        let scenarios = (UInt64(1)...100).lazy.map { Scenario(seed: $0, limits: .init(without: [.liars, .mutes])) }
        world = World(try #require(scenarios.first { Library($0).works[0].pieceCount > 2 }))
        peer = world.peers[0]
        work = world.library.works[0]
        world.start(world.manager)
        world.start(peer)
    }

    private var broken: String? { world.violation?.checker }

    private func partial(right: PieceSet, durable: PieceSet) -> Disk.Partial {
        Disk.Partial(name: work.name, root: work.root, isSynced: true, right: right, durable: durable)
    }

    private func offer(_ holding: Holding) throws -> Message {
        .have(
            request: 1,
            try #require(FileOffer(root: work.root, modified: 0, name: work.name, holding: holding)))
    }

    private func result(bytes: UInt64) -> FetchResult {
        FetchResult(
            name: work.name, root: work.root, length: work.root.length,
            holders: [HolderBytes(address: peer.address, bytes: bytes)], already: false, took: .seconds(1), backup: nil)
    }

    // MARK: Files

    @Test("A file that is offered and not there is seen")
    func offersNothing() throws {
        world.checkers.wants(.send(connection, try offer(.all)), peer, world)
        #expect(broken == "offers")
    }

    @Test("A piece that is offered and not durable is seen, and one that is durable is no offence")
    func offersEarly() throws {
        var one = work.none
        one.insert(1)
        let id = DownloadID(rawValue: 1)
        peer.disk.partials[id] = partial(right: work.all, durable: one)
        world.checkers.wants(.send(connection, try offer(.pieces(one))), peer, world)
        #expect(broken == nil)
        world.checkers.wants(.send(connection, .nowHave(work.root, [0..<2])), peer, world)
        #expect(broken == "offers")
    }

    @Test("A file that is delivered with a wrong piece is seen")
    func deliversWrong() {
        var most = work.all
        most.remove(1)
        let terms = DeliveryTerms(replacing: false, keepsBackup: true, sync: true, modified: 0)
        world.checkers.deliveries.renames(
            DownloadID(rawValue: 1), partial(right: most, durable: most), work, over: nil, terms, of: peer, world)
        #expect(broken == "deliveries")
    }

    @Test("A file that is replaced though nobody said --force is seen")
    func replaces() {
        let terms = DeliveryTerms(replacing: true, keepsBackup: true, sync: true, modified: 0)
        let old = Disk.File(root: .empty, bad: work.none, isDurable: true)
        world.checkers.deliveries.renames(
            DownloadID(rawValue: 1), partial(right: work.all, durable: work.all), work, over: old, terms, of: peer,
            world)
        #expect(broken == "deliveries")
    }

    @Test("A client that is told of a file that a power failure would take is seen")
    func finishesEarly() {
        let request = RequestID(rawValue: 1)
        world.checkers.deliveries.wished(request, FetchWish(name: work.name, timeout: .seconds(1)), peer)
        peer.disk.share[work.name] = .init(root: work.root, bad: work.none, isDurable: false)
        world.checkers.deliveries.wants(.finished(request, result(bytes: 1)), peer, world)
        #expect(broken == "deliveries")
    }

    @Test("A record of pieces that are not durable is seen")
    func recordsEarly() {
        peer.disk.partials[DownloadID(rawValue: 1)] = partial(right: work.all, durable: work.none)
        world.checkers.records.recorded(work.all, of: DownloadID(rawValue: 1), peer, world)
        #expect(broken == "records")
    }

    @Test("More bytes than a file has, counted as its holders', are seen")
    func writesTwice() {
        world.checkers.writers.wants(
            .finished(RequestID(rawValue: 1), result(bytes: work.root.length + 1)), peer, world)
        #expect(broken == "writers")
    }

    @Test("Leave to replace a file is for one download, from a wish that is open when it begins")
    func forcedOnce() {
        let (request, id) = (RequestID(rawValue: 1), DownloadID(rawValue: 1))
        let terms = DeliveryTerms(replacing: true, keepsBackup: true, sync: true, modified: 0)
        let old = Disk.File(root: .empty, bad: work.none, isDurable: true)
        let whole = partial(right: work.all, durable: work.all)
        world.checkers.deliveries.wished(request, FetchWish(name: work.name, force: true, timeout: .seconds(1)), peer)
        world.checkers.deliveries.wants(.keep(entry(id)), peer, world)
        world.checkers.deliveries.wants(.failed(request, .cancelled), peer, world)
        world.checkers.deliveries.wants(.keep(entry(id)), peer, world)
        world.checkers.deliveries.renames(id, whole, work, over: old, terms, of: peer, world)
        #expect(broken == nil)
        world.checkers.deliveries.forgotten(id, peer)
        world.checkers.deliveries.wants(.keep(entry(id)), peer, world)
        #expect(broken == "deliveries")
    }

    private func entry(_ id: DownloadID) -> DownloadEntry {
        DownloadEntry(
            id: id, kind: .file, name: work.name, root: work.root, modified: 0, replacing: true, keepsBackup: true,
            sync: true, priority: 0, state: .running)
    }

    @Test("A piece that counts for two holders is seen, also when an earlier life had some of the file")
    func countsTwice() throws {
        let (id, process) = (DownloadID(rawValue: 1), try #require(peer.process))
        var half = work.none
        half.insert(0)
        world.feed(.restored(StoredDownload(entry: entry(id), layer: work.layer, pieces: half)), to: peer)
        world.checkers.writers.handled(.partialOpened(id, half), peer, process, world)
        let lacked = work.root.length - UInt64(work.layout.size(of: 0))
        world.checkers.writers.wants(.finished(RequestID(rawValue: 1), result(bytes: lacked)), peer, world)
        #expect(broken == nil && world.checkers.writers.compared == 1)
        world.checkers.writers.wants(.finished(RequestID(rawValue: 1), result(bytes: lacked + 1)), peer, world)
        #expect(broken == "writers")
    }

    @Test("Pieces that were lost may be fetched again")
    func fetchesLostAgain() throws {
        let (id, process) = (DownloadID(rawValue: 1), try #require(peer.process))
        world.feed(.restored(StoredDownload(entry: entry(id), layer: work.layer, pieces: work.none)), to: peer)
        world.checkers.writers.handled(.partialOpened(id, work.none), peer, process, world)
        let stored = PeerInput.pieceStored(id, index: 0, from: connection, .stored)
        world.checkers.writers.handled(stored, peer, process, world)
        world.checkers.writers.handled(.committed(id, disk), peer, process, world)
        world.checkers.writers.wants(
            .finished(RequestID(rawValue: 1), result(bytes: work.root.length + 1)), peer, world)
        #expect(broken == nil && world.checkers.writers.compared == 0)
    }

    @Test("What is fetched is compared with what its holders are said to have brought, in most runs")
    func comparesBytes() {
        let compared = (UInt64(1)...10).map { seed in
            let world = World(Scenario(seed: seed))
            world.run()
            return world.checkers.writers.compared
        }
        #expect(compared.count { $0 > 0 } > 5, "\(compared)")
    }

    // MARK: The swarm

    @Test("A roster that was never the manager's is seen")
    func roster() throws {
        let process = try #require(peer.process)
        let manager = Pipe.End(life: world.manager.life, connection: ConnectionID(rawValue: 8))
        let pipe = Pipe(serial: 1, dialer: .init(life: peer.life, connection: connection), listener: manager)
        peer.links[connection] = (pipe, 0)
        world.checkers.rosters.wants(.joined(RosterEntry(id: peer.id, address: peer.address, label: "")))
        world.checkers.rosters.handled(1, world.manager.life)
        let delta = Message.rosterDelta(RosterDelta(epoch: 1, joined: [], left: []))
        world.checkers.rosters.handled(.received(connection, delta), peer, process, world)
        #expect(broken == nil)
        world.checkers.rosters.managerStarted()
        world.end(world.manager, isDark: false)
        world.start(world.manager)
        let other = Pipe(
            serial: 2, dialer: .init(life: peer.life, connection: connection),
            listener: .init(life: Life(node: 0, number: 9), connection: ConnectionID(rawValue: 9)))
        peer.links[connection] = (other, 0)
        world.checkers.rosters.handled(.received(connection, delta), peer, process, world)
        #expect(broken == "rosters")
    }

    @Test("A peer that is dead and still a member after the silence deadline is seen")
    func departure() {
        world.checkers.rosters.wants(.joined(RosterEntry(id: peer.id, address: peer.address, label: "")))
        let life = peer.life
        world.end(peer, isDark: true)
        let departure = Departure(life: life, since: peer.departed, manager: world.manager.life)
        world.checkers.departures.look(departure, world)
        #expect(broken == "departures")
    }

    @Test("A ban of an honest peer is seen, and of one with a bad disk not")
    func ban() {
        let other = world.peers[1]
        let ban = Ban(peer: other.id, address: other.address, reason: "", until: .distantFuture)
        other.isTainted = true
        world.checkers.bans.wants(.banned(ban), peer, world)
        #expect(broken == nil)
        other.isTainted = false
        world.checkers.bans.wants(.banned(ban), peer, world)
        #expect(broken == "bans")
    }

    @Test("Two answers to one request are seen")
    func answersTwice() {
        let request = world.newRequest("a test", peer)
        world.checkers.requests.answered(request, peer, world)
        #expect(broken == nil)
        world.checkers.requests.answered(request, peer, world)
        #expect(broken == "requests")
    }

    @Test("A request without an answer is seen at the end")
    func answersNever() {
        _ = world.newRequest("a test", peer)
        world.checkers.requests.expectNone(world)
        #expect(broken == "requests")
    }

    @Test("A request with a time that does not end by itself is seen")
    func answersLate() {
        _ = world.newRequest("a test", peer)
        world.checkers.requests.expectNoneTimed(world)
        #expect(broken == nil && !world.checkers.requests.isTimed(world))
        _ = world.newRequest("a test", timeout: .seconds(1), peer)
        #expect(world.checkers.requests.isTimed(world))
        world.checkers.requests.expectNoneTimed(world)
        #expect(broken == "requests")
    }

    @Test("Something that is said on a connection that is gone is seen")
    func speaksOnClosed() {
        world.checkers.generations.handled(.closed(connection, reason: "reset"), peer)
        world.checkers.generations.wants(.send(connection, .leftPeer), peer, world)
        #expect(broken == "generations")
    }

    @Test("An accusation among peers that keep the protocol is seen")
    func accuses() {
        world.checkers.courtesy.wants(.send(connection, .refused(.leaving, reason: "")), peer, world)
        #expect(broken == nil)
        world.checkers.courtesy.wants(.send(connection, .refused(.violation, reason: "")), peer, world)
        #expect(broken == "courtesy")
    }

    @Test("A peer without the manager's roster, and one without what it is to have, are seen")
    func convergence() {
        #expect(world.checkers.convergence.dissenter(world) != nil)
        peer.disk.share[work.name] = .init(root: work.root, bad: work.none, isDurable: true)
        world.checkers.convergence.choose(world)
        #expect(world.checkers.convergence.lacking(world) != nil)
    }

    @Test("Something that a manager keeps of who is no member is seen")
    func managerBaseline() {
        world.feed(.connected(connection, from: peer.address))
        world.checkers.baseline.look(world)
        #expect(broken == "baseline")
    }

    @Test("A piece buffer that is lent for ever is seen")
    func baseline() throws {
        world.checkers.baseline.look(world)
        #expect(broken == nil)
        try #require(peer.process).buffersLent = 1
        world.checkers.baseline.look(world)
        #expect(broken == "baseline")
    }
}
