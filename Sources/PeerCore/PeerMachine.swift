import Content
import Wire

/// The peer: a member of a swarm that shares files, and fetches what its clients wish for.
///
/// It is made of parts that know little of each other:
///  - `ManagerLink` and `Roster` (Manager/): the connection to the manager and who is active;
///  - `PeerSession` (Sessions/): connections between peers, symmetric, opened when something is to be said;
///  - `Request` and `Ask` (Asking/): a client's wish, from the question to the swarm to the version that is taken;
///  - `Download`, `Plan` and `Lane` (Fetching/): which piece comes from whom;
///  - `Tree` and `TreePlan` (Trees/): a directory as one version, and its many small files;
///  - `Catalog` (Serving/): what is offered, and the answers to others;
///  - `Bans` (Trust/): who is not listened to.
///
/// Piece data never comes here: the machine hears of a piece's header and says where its bytes go.
///
/// Invariant: every chunk asked on a connection is answered in order, and a piece counts only when a worker has verified
/// and written it.
public struct PeerMachine<Random: RandomNumberGenerator>: ~Copyable {
    let id: PeerID
    let listenPort: UInt16
    let label: String
    let policy: PeerPolicy
    var random: Random
    /// The time of the input being handled.
    var now = Moment(nanoseconds: 0)

    var link: ManagerLink
    var roster = Roster()
    /// Who joined together with this peer is on the roster from here on.
    var rosterSettled = Moment(nanoseconds: 0)
    var catalog = Catalog()
    var isIndexing = true
    var shelf = Shelf()

    var sessions = Table<ConnectionID, PeerSession>()
    /// Sessions that other peers opened.
    var inboundCount = 0
    var inboundTally = AddressTally()
    /// The connection by which a peer is spoken to.
    var connections: [PeerID: ConnectionID] = [:]
    /// Further connections of those peers.
    var spares: [PeerID: Set<ConnectionID>] = [:]
    /// Peers that have banned this one.
    var refusers: Set<PeerID> = []
    /// Whom a connection was opened to.
    var expected: [ConnectionID: PeerID] = [:]
    /// What is to be said to peers that are being connected to.
    var contacts: [PeerID: [Message]] = [:]
    var dialing: Set<PeerID> = []
    var postponedContacts: [RosterEntry] = []

    var questions = Questions()
    var laggards: Set<PeerID> = []
    var requests: [RequestID: Request] = [:]
    var downloads = Table<DownloadID, Download>()
    var lastDownload: UInt64 = 0
    var introductions = Introductions()
    var bans = Bans()
    var strikes = Strikes()

    private var effects: [PeerEffect] = []
    private var nextSweep = Moment.distantFuture
    var nextSpaceCheck = Moment(nanoseconds: 0)
    /// When a commit that others wait for is due, before the next sweep.
    var commitsAt = Moment.distantFuture
    private var wakeAt = Moment.distantFuture

    /// - Parameters:
    ///   - listenPort: where other peers connect to; told to the manager.
    ///   - managerCount: how many managers are configured; they are tried in turn.
    ///   - random: what jitter is drawn from.
    public init(
        id: PeerID, listenPort: UInt16, label: String, managerCount: Int, policy: PeerPolicy, random: Random
    ) {
        self.id = id
        self.listenPort = listenPort
        self.label = label
        self.policy = policy
        self.random = random
        link = ManagerLink(managerCount: managerCount)
    }

    /// Handles one input; what is to be done is appended to `output`. The first input should be a `wake`.
    public mutating func handle(_ input: PeerInput, now: Moment, effects output: inout [PeerEffect]) {
        self.now = now
        swap(&effects, &output)
        route(input)
        dialManagerIfDue()
        scheduleWake()
        swap(&effects, &output)
    }

    private mutating func route(_ input: PeerInput) {
        switch input {
        case .dialed(.manager, let connection): managerDialed(connection)
        case .dialed(.peer(let peer, let address), let connection): peerDialed(peer, address, connection)
        case .dialFailed(.manager, let reason): managerDialFailed(reason)
        case .dialFailed(.peer(let peer, _), let reason): peerDialFailed(peer, reason)
        case .accepted(let connection, let address): accepted(connection, address)
        case .received(let connection, let message):
            if connection == link.connection {
                managerSaid(message, on: connection)
            } else {
                peerSaid(message, on: connection)
            }
        case .closed(let connection, let reason):
            if connection == link.connection {
                managerLost(reason)
            } else {
                sessionClosed(connection, reason, as: .loss)
            }

        case .pieceStarted(let connection): pieceStarted(connection)
        case .progressed(let connection, let bytes): progressed(connection, bytes: bytes)
        case .pieceReceived(let connection): pieceReceived(connection)
        case .pieceStored(let id, let index, let connection, let outcome):
            pieceStored(id, index, from: connection, outcome)
        case .chunkServed(let connection): chunkServed(connection)

        case .layerChecked(let id, let isRight): layerChecked(id, isRight: isRight)
        case .partialOpened(let id, let pieces): partialOpened(id, pieces)
        case .partialMissing(let id, let mayBeDelivered): partialMissing(id, mayBeDelivered: mayBeDelivered)
        case .partialChecked(let id): partialChecked(id)
        case .partialTouched(let id, let isThere): partialTouched(id, isThere: isThere)
        case .partialVerified(let id, let good): partialVerified(id, good)
        case .committed(let id, let failure): committed(id, failure)
        case .spaceChecked(let id, let missing): spaceChecked(id, missing)
        case .partialFailed(let id, let failure): partialFailed(id, failure)
        case .delivered(let id, let delivery): delivered(id, delivery)
        case .repairPostponed(let id): repairPostponed(id)

        case .manifestRead(let id, let reading): manifestRead(id, reading)
        case .treeSurveyed(let id, let found): treeSurveyed(id, found)
        case .treeFailed(let id, let failure): treeFailed(id, failure)
        case .filesStaged(let id, let files): filesStaged(id, files)
        case .filesPublished(let id, let files): filesPublished(id, files)
        case .publishingFailed(let id, let failure): publishingFailed(id, failure)
        case .manifestMade(let name, let making): manifestMade(name, making)
        case .directoryChanged(let name): shelf.changed(name)

        case .indexed(let file): indexed(file)
        case .withdrawn(let name):
            catalog.remove(name)
            shelf.changed(name)
        case .judged(let name, let isRotten): judged(name, isRotten: isRotten)
        case .settling(let name):
            catalog.suspend(name)
            shelf.changed(name)
        case .indexing(let isIndexing): indexing(isIndexing)

        case .wish(let id, let wish): wished(id, wish)
        case .inspected(let id, let local): inspected(id, local)
        case .cancel(let id, let name, let keepData): cancel(id, name, keepData: keepData)
        case .pause(let id, let name): pause(id, name)
        case .resume(let id, let name): resume(id, name)
        case .prioritize(let id, let name, let priority): prioritize(id, name, priority)
        case .survey(let id, let name, let isTree): survey(id, name, isTree: isTree)
        case .wait(let id, let name, let isTree): wait(id, name, isTree: isTree)
        case .lift(let id, let choice): lift(id, choice)
        case .leave: leave()
        case .restored(let stored): restored(stored)
        case .restoredBan(let ban): restored(ban)
        case .wake: sweep()
        }
    }

    mutating func emit(_ effect: PeerEffect) { effects.append(effect) }

    mutating func note(_ note: PeerNote) { effects.append(.note(note)) }

    /// Tells the manager, then closes every connection.
    private mutating func leave() {
        if let connection = link.connection {
            if link.isJoined { emit(.send(connection, .leftPeer)) }
            emit(.close(connection, reason: "leaving"))
        }
        link.state = .ended
        for id in downloads.keys { commitLast(id) }
        for connection in sessions.keys {
            emit(.send(connection, .refused(.leaving, reason: "this peer leaves the network")))
            emit(.close(connection, reason: "leaving"))
        }
        for case (let id, let tree?) in downloads.map({ ($0.key, $0.value.tree) }) {
            emit(.closeTree(id, tree.stage.leftOver))
        }
        // Nothing is begun any more.
        (sessions, requests, downloads, contacts) = (Table(), [:], Table(), [:])
        emit(.left)
    }

    // MARK: Time

    private var hasDeadlines: Bool { !(sessions.isEmpty && requests.isEmpty && downloads.isEmpty) }

    private mutating func sweep() {
        checkManagerDeadline()
        if commitsAt <= now { sweepCommits() }
        guard nextSweep <= now else { return }
        nextSweep = .distantFuture
        sweepSessions()
        sweepRequests()
        sweepDownloads()
        sweepWaiting()
        sweepCommits()
        sweepSpace()
        sweepBans()
    }

    /// Something is due before the next sweep would be.
    mutating func sweepSoon(at moment: Moment) { nextSweep = min(nextSweep, moment, now + policy.sweep) }

    private mutating func scheduleWake() {
        if !hasDeadlines {
            nextSweep = .distantFuture
        } else if nextSweep == .distantFuture {
            nextSweep = now + policy.sweep
        }
        let next = min(nextSweep, commitsAt, link.deadline)
        guard next != wakeAt else { return }
        wakeAt = next
        if next != .distantFuture { emit(.wake(at: next)) }
    }
}
