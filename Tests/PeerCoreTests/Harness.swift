import Content
import TestSupport
import Testing
import Wire

@testable import PeerCore

/// A peer without sockets and disk: a simulated clock, and what it wants done since somebody last looked.
final class Harness {
    var machine: PeerMachine<Seeded>
    private(set) var now = Moment(nanoseconds: 0)
    private(set) var effects: [PeerEffect] = []
    private(set) var closed: [ConnectionID: String] = [:]
    /// Number and query of what was asked on each connection, in order.
    private(set) var asked: [ConnectionID: [(number: UInt32, query: FileQuery)]] = [:]
    /// Chunks asked on each connection and not delivered, in order.
    var chunks: [ConnectionID: [Range<Int>]] = [:]
    private var dials: [PeerID: PeerAddress] = [:]
    private(set) var wakeAt: Moment?
    private let own: UInt64
    private var lastConnection: UInt64 = 0
    private var lastRequest: UInt64 = 0
    private(set) var manager = ConnectionID(rawValue: 0)
    private(set) var epoch: UInt64 = 0
    private(set) var roster: [UInt64] = []
    /// The download that was opened last.
    private(set) var download = DownloadID(rawValue: 0)

    /// The pieces of a partial file that was just made: none.
    private(set) var opened = PieceSet(pieceCount: 0)

    init(id: UInt64 = 0, seed: UInt64 = 1, managerCount: Int = 1, _ adjust: (inout PeerPolicy) -> Void = { _ in }) {
        own = id
        var policy = PeerPolicy()
        // Most tests begin long after the peer joined.
        policy.settle = .milliseconds(0)
        adjust(&policy)
        machine = PeerMachine(
            id: .number(id), listenPort: 7000, label: "self", managerCount: managerCount, policy: policy,
            random: Seeded(seed))
    }

    var statuses: [DownloadStatus] { machine.downloadStatuses }
    var managerState: ManagerActivity { machine.managerState }
    var heldRoster: Roster { machine.currentRoster }
    var offered: Catalog { machine.offered }
    var sessionCount: Int { machine.sessionCount }
    var misplaced: [Int] { machine.downloads.values.flatMap(\.plan.misplaced) }

    // MARK: Inputs

    func feed(_ input: PeerInput) {
        if case .closed(let connection, _) = input { closed[connection] = "by the other end" }
        let before = effects.count
        machine.handle(input, now: now, effects: &effects)
        for effect in effects[before...] { note(effect) }
    }

    func say(_ message: Message, on connection: ConnectionID) { feed(.received(connection, message)) }

    /// Lets time pass, waking the machine whenever it asked for it.
    func pass(_ span: Span) {
        let end = now + span
        while let wake = wakeAt, wake <= end {
            wakeAt = nil
            now = max(now, wake)
            feed(.wake)
        }
        now = end
    }

    func newConnection() -> ConnectionID {
        lastConnection += 1
        return ConnectionID(rawValue: lastConnection)
    }

    // MARK: Effects

    /// What was wanted since the last call.
    @discardableResult
    func take() -> [PeerEffect] {
        defer { effects = [] }
        return effects
    }

    func sent(on connection: ConnectionID) -> [Message] {
        effects.compactMap { if case .send(connection, let message) = $0 { message } else { nil } }
    }

    var dialed: Set<PeerID> { Set(dials.keys) }

    private func note(_ effect: PeerEffect) {
        switch effect {
        case .dial(.peer(let peer, let address)):
            if dials[peer] != nil { Issue.record("\(peer) is dialed twice at a time") }
            dials[peer] = address
        case .send(let connection, let message): hear(message, on: connection)
        case .close(let connection, let reason):
            if closed[connection] != nil { Issue.record("connection \(connection) is closed twice") }
            closed[connection] = reason
            chunks[connection] = nil
        case .openPartial(let record, let layer), .reopenPartial(let record, let layer, _):
            download = record.id
            opened = PieceSet(pieceCount: layer.count)
        case .wake(let at): wakeAt = at
        default: break
        }
    }

    private func hear(_ message: Message, on connection: ConnectionID) {
        if let reason = closed[connection] { Issue.record("\(message.type) is sent after the close: \(reason)") }
        switch message {
        case .req(let number, let query): asked[connection, default: []].append((number, query))
        case .chunk(_, let first, let count): chunks[connection, default: []].append(first..<first + count)
        default: break
        }
    }

    // MARK: The manager

    /// Connects to the manager, which then tells a roster of this peer and `peers`.
    func join(_ peers: [UInt64] = []) {
        welcome()
        roster = peers
        epoch += 1
        say(
            .rosterSnapshot(
                RosterPage(epoch: epoch, total: peers.count + 1, first: 0, entries: entries([own] + peers))),
            on: manager)
    }

    /// Connects to the manager, up to its welcome.
    func welcome() {
        if wakeAt == nil, effects.isEmpty { feed(.wake) }
        manager = newConnection()
        feed(.dialed(.manager(0), manager))
        say(.hello(Hello(id: .number(999), role: .manager)), on: manager)
        say(.welcome(observed: .number(0), heartbeat: 5000, silence: 3_600_000), on: manager)
    }

    func delta(joined: [UInt64] = [], left: [UInt64] = []) {
        epoch += 1
        roster = roster.filter { !left.contains($0) } + joined
        let delta = RosterDelta(epoch: epoch, joined: entries(joined), left: left.map { .number($0) })
        say(.rosterDelta(delta), on: manager)
    }

    func entries(_ peers: [UInt64]) -> [RosterEntry] {
        peers.map { RosterEntry(id: .number($0), address: .number($0), label: "") }
    }

    func isDelivering(replacing: Bool = false) -> Bool {
        effects.contains { effect in
            guard case .deliver(download, let terms) = effect else { return false }
            return terms.replacing == replacing && terms.sync
        }
    }

    func isOpening(_ file: TestFile, _ layer: [Digest]) -> Bool {
        effects.contains { effect in
            guard case .openPartial(let record, layer) = effect else { return false }
            return record.name == file.name && record.root == file.root
        }
    }

    // MARK: Peers

    /// Answers the dial of a peer, whose hello comes at once.
    @discardableResult
    func connect(_ peer: UInt64) -> ConnectionID {
        guard let address = dials.removeValue(forKey: .number(peer)) else {
            Issue.record("\(peer) was not dialed")
            return newConnection()
        }
        let connection = newConnection()
        feed(.dialed(.peer(.number(peer), address), connection))
        say(.hello(Hello(id: .number(peer), role: .peer)), on: connection)
        return connection
    }

    func failDial(_ peer: UInt64) {
        guard let address = dials.removeValue(forKey: .number(peer)) else {
            Issue.record("\(peer) was not dialed")
            return
        }
        feed(.dialFailed(.peer(.number(peer), address), reason: "refused"))
    }

    /// A peer connects to this one and says hello.
    func accept(_ peer: UInt64) -> ConnectionID {
        let connection = newConnection()
        feed(.accepted(connection, from: .number(peer)))
        say(.hello(Hello(id: .number(peer), role: .peer)), on: connection)
        return connection
    }

    /// Answers what was asked last on a connection.
    func have(_ file: TestFile, on connection: ConnectionID, modified: Int64 = 0) {
        guard let question = asked[connection]?.popLast() else {
            Issue.record("nothing was asked on \(connection)")
            return
        }
        guard let offer = file.offer(modified: modified) else { return }
        say(.have(request: question.number, offer), on: connection)
    }

    func notHave(on connection: ConnectionID, _ reason: NotHaveReason = .unknown) {
        guard let question = asked[connection]?.popLast() else {
            Issue.record("nothing was asked on \(connection)")
            return
        }
        say(.notHave(request: question.number, reason), on: connection)
    }

    // MARK: Clients

    @discardableResult
    func wish(
        _ file: TestFile, digest: Digest? = nil, force: Bool = false, sync: Bool = true, timeout: Span = .seconds(30),
        local: LocalFile = .absent
    ) -> RequestID {
        lastRequest += 1
        let id = RequestID(rawValue: lastRequest)
        let wish = FetchWish(name: file.name, digest: digest, force: force, sync: sync, timeout: timeout)
        feed(.wish(id, wish))
        if effects.contains(.inspect(id, file.name)) { feed(.inspected(id, local)) }
        return id
    }

    func newRequest() -> RequestID {
        lastRequest += 1
        return RequestID(rawValue: lastRequest)
    }

    /// The number of what was asked last on a connection, which is not asked any more.
    func takeQuestion(on connection: ConnectionID) -> UInt32? {
        let question = asked[connection]?.popLast()
        if question == nil { Issue.record("nothing was asked on \(connection)") }
        return question?.number
    }

    func failure(of request: RequestID) -> FetchFailure? {
        for case .failed(request, let failure) in effects { return failure }
        return nil
    }

    func result(of request: RequestID) -> FetchResult? {
        for case .finished(request, let result) in effects { return result }
        return nil
    }

    // MARK: Downloads

    /// A download of a file of one piece or more, from peers that have been asked and answered, up to its first chunks.
    func fetch(_ file: TestFile, from peers: [UInt64], timeout: Span = .seconds(30)) -> (RequestID, [ConnectionID]) {
        join(peers)
        let request = wish(file, timeout: timeout)
        let connections = peers.map { connect($0) }
        for connection in connections { have(file, on: connection) }
        let source = connections.first { sent(on: $0).types.contains(.hashesRequest) }
        if let source { sendLayer(of: file, on: source) }
        feed(.partialOpened(download, opened))
        return (request, connections)
    }

    /// The whole layer, and the worker's finding.
    func sendLayer(of file: TestFile, on connection: ConnectionID, isRight: Bool = true) {
        say(.hashes(file.root, first: 0, file.layer), on: connection)
        for case .checkLayer(let id, _, _) in effects.suffix(2) { feed(.layerChecked(id, isRight: isRight)) }
    }

    /// Sends the next pieces asked on a connection, each of which a worker then judges.
    /// - Returns: the pieces that were wanted.
    @discardableResult
    func deliver(_ count: Int, of file: TestFile, on connection: ConnectionID, _ outcome: PieceOutcome = .stored)
        -> [Int]
    {
        var wanted: [Int] = []
        for _ in 0..<count {
            guard let chunk = chunks[connection]?.first, let piece = chunk.first else { break }
            if announce(piece, of: file, on: connection) {
                wanted.append(piece)
                feed(.progressed(connection, bytes: file.layout.size(of: piece)))
                feed(.pieceReceived(connection))
                if closed[connection] == nil { finishChunk(on: connection) }
                feed(.pieceStored(download, index: piece, from: connection, outcome))
            } else {
                finishChunk(on: connection)
            }
        }
        return wanted
    }

    /// The header of a piece, and the buffer for it.
    /// - Returns: whether its bytes are wanted.
    func announce(_ piece: Int, of file: TestFile, on connection: ConnectionID) -> Bool {
        let before = effects.count
        say(.piece(index: piece, length: file.layout.size(of: piece)), on: connection)
        for case .receivePiece(connection, download, piece, _) in effects[before...] {
            feed(.pieceStarted(connection))
            return true
        }
        return false
    }

    /// The first piece of the first chunk has been sent; behind its last comes the end.
    private func finishChunk(on connection: ConnectionID) {
        guard let chunk = chunks[connection]?.first else { return }
        if chunk.count > 1 {
            chunks[connection]?[0] = chunk.dropFirst()
        } else {
            chunks[connection]?.removeFirst()
            say(.endOfChunk(first: firsts(connection), .complete), on: connection)
        }
    }

    /// The piece by which the chunk being answered on a connection was asked.
    private func firsts(_ connection: ConnectionID) -> Int { machine.sessions[connection]?.chunks.first?.first ?? -1 }

    func firstOfChunk(on connection: ConnectionID) -> Int { firsts(connection) }
}

extension PieceLayout {
    /// Of a file of so many whole pieces; no file has 9 to 32.
    static func whole(_ pieces: Int) throws -> PieceLayout {
        let sizes = [usualPieceSizeLog2] + Array(minPieceSizeLog2...maxPieceSizeLog2)
        let layouts = sizes.compactMap { PieceLayout(length: UInt64(pieces) << $0) }
        return try #require(layouts.first { $0.pieceCount == pieces })
    }
}

/// A file that others have.
struct TestFile {
    let name: ShareName
    let root: FileRoot
    let layout: PieceLayout
    let layer: [Digest]

    /// - Parameter pieces: whole ones.
    init(_ name: String = "a.bin", pieces: Int, version: UInt8 = 1) throws {
        self.name = try ShareName(name)
        let digest = try #require(Digest(bytes: [UInt8](repeating: version, count: 32)))
        layout = try .whole(pieces)
        root = FileRoot(digest: digest, length: layout.length)
        layer = pieces == 1 ? [digest] : Array(repeating: .zero, count: pieces)
    }

    func offer(modified: Int64 = 0) -> FileOffer? { FileOffer(root: root, modified: modified, name: name) }

    var shared: SharedFile { SharedFile(name: name, root: root, modified: 0, layer: layer) }
}

extension PeerID {
    static func number(_ value: UInt64) -> PeerID { PeerID(high: 1, low: value) }
}

extension PeerAddress {
    static func number(_ value: UInt64) -> PeerAddress { PeerAddress(ipv4: 0x7F00_0001, port: UInt16(7000 + value)) }
}

extension Sequence<Message> {
    var types: [MessageType] { map(\.type) }
}

extension Sequence<PeerEffect> {
    var notes: [PeerNote] { compactMap { if case .note(let note) = $0 { note } else { nil } } }
}
