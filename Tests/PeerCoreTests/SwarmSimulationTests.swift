import Content
import TestSupport
import Testing
import Wire

@testable import PeerCore

/// A peer and its holders, some of which lie, stall or go away, until the file is whole.
@Suite struct SwarmSimulationTests {
    @Test(
        "While one honest holder can be reached the download ends whole, and no piece is ever misplaced",
        arguments: Seeded.seeds(30))
    func endsWhole(seed: UInt64) throws {
        run(try SwarmSimulation(seed: seed))
    }

    @Test(
        "So it does when somebody writes to its partial file or takes it away, and no wrong byte is delivered",
        arguments: Seeded.seeds(30))
    func endsWholeThoughTouched(seed: UInt64) throws {
        let simulation = try SwarmSimulation(seed: seed, touches: 6)
        run(simulation)
        #expect(simulation.wrongDeliveries == 0)
    }

    private func run(_ simulation: SwarmSimulation) {
        for _ in 0..<30_000 where !simulation.isDone {
            simulation.step()
            if !simulation.misplaced.isEmpty {
                Issue.record("pieces \(simulation.misplaced) are misplaced")
                return
            }
        }
        if !simulation.isDone { Issue.record("it is not done: \(simulation.picture)") }
        #expect(simulation.failures.isEmpty)
    }
}

/// The partial file, and what others do to it.
private struct TouchedFile {
    /// Pieces with their right bytes.
    var right: PieceSet
    var isThere = false
    /// Since it was last looked through.
    var isTouched = false

    /// Somebody writes over a piece, or takes the file away.
    mutating func touch(_ random: inout Seeded) {
        guard isThere else { return }
        if random.next() % 3 == 0 {
            self = TouchedFile(right: PieceSet(pieceCount: right.pieceCount))
        } else {
            isTouched = true
            right.remove(Int(random.next() % UInt64(right.pieceCount)))
        }
    }

    mutating func stored(_ piece: Int) { if isThere { right.insert(piece) } }
}

/// Everything around one machine: the manager, holders with queues of what they will say, workers, and time.
private final class SwarmSimulation {
    private enum Character { case honest, liar, unsteady, mute }

    private struct Holder {
        let character: Character
        var connection: ConnectionID?
        /// What it will say next, in order.
        var outbox: [Message] = []
    }

    private var machine: PeerMachine<Seeded>
    private let file: TestFile
    private var random: Seeded
    private var now = Moment(nanoseconds: 0)
    private var wakeAt: Moment?
    private var lastConnection: UInt64 = 1
    private var holders: [UInt64: Holder] = [:]
    private var owners: [ConnectionID: UInt64] = [:]
    private var pendingDials: [UInt64] = []
    private var receiving: [ConnectionID: (DownloadID, Int)] = [:]
    /// Inputs that workers will bring, in any order.
    private var workers: [PeerInput] = []
    private var partial: TouchedFile
    private var touches: Int
    private(set) var wrongDeliveries = 0
    private(set) var isDone = false
    private(set) var failures: [FetchFailure] = []

    /// For a failure's message.
    var picture: String {
        let downloads = machine.downloads.values.map {
            "\($0.phase) lanes \($0.plan.lanes) free \($0.plan.free.runs) stored \($0.plan.stored.count)"
        }
        return "\(downloads) holders \(holders) dials \(pendingDials) workers \(workers)"
    }

    var misplaced: [Int] { machine.downloads.values.flatMap(\.plan.misplaced) }

    /// - Parameter touches: how often somebody else does something to the partial file.
    init(seed: UInt64, touches: Int = 0) throws {
        random = Seeded(seed)
        self.touches = touches
        file = try TestFile(pieces: Int.random(in: Bool.random(using: &random) ? 1...8 : 33...60, using: &random))
        partial = TouchedFile(right: PieceSet(pieceCount: file.layer.count))
        machine = PeerMachine(
            id: .number(0), listenPort: 7000, label: "self", managerCount: 1, policy: PeerPolicy(), random: Seeded(seed)
        )
        holders[1] = Holder(character: .honest)
        for peer in 2...UInt64.random(in: 2...7, using: &random) {
            let character = [Character.honest, .liar, .unsteady, .mute].randomElement(using: &random) ?? .honest
            holders[peer] = Holder(character: character)
        }
        begin()
    }

    private func begin() {
        let manager = ConnectionID(rawValue: 1)
        feed(.wake)
        feed(.dialed(.manager(0), manager))
        feed(.received(manager, .hello(Hello(id: .number(99), role: .manager))))
        feed(.received(manager, .welcome(observed: .number(0), heartbeat: 5000, silence: .max)))
        let entries = ([0] + holders.keys).map { RosterEntry(id: .number($0), address: .number($0), label: "") }
        feed(
            .received(manager, .rosterSnapshot(RosterPage(epoch: 1, total: entries.count, first: 0, entries: entries))))
        let wish = FetchWish(name: file.name, digest: nil, force: false, sync: false, timeout: .seconds(100_000))
        feed(.wish(RequestID(rawValue: 1), wish))
    }

    // MARK: Steps

    func step() {
        switch random.next() % 100 {
        case 0..<10: pass(.milliseconds(random.next() % 400))
        case 10..<25: answerDial()
        case 25..<45: work()
        case 45..<47: disconnectUnsteady()
        case 47 where touches > 0 && partial.isThere:
            touches -= 1
            partial.touch(&random)
        default: speak()
        }
    }

    private func pass(_ span: Span) {
        now = now + span
        guard let wake = wakeAt, wake <= now else { return }
        wakeAt = nil
        feed(.wake)
    }

    private func answerDial() {
        guard !pendingDials.isEmpty else { return }
        let peer = pendingDials.removeFirst()
        guard holders[peer]?.character != .unsteady || random.next() % 3 != 0 else {
            return feed(.dialFailed(.peer(.number(peer), .number(peer)), reason: "refused"))
        }
        lastConnection += 1
        let connection = ConnectionID(rawValue: lastConnection)
        owners[connection] = peer
        holders[peer]?.connection = connection
        holders[peer]?.outbox = [.hello(Hello(id: .number(peer), role: .peer))]
        feed(.dialed(.peer(.number(peer), .number(peer)), connection))
    }

    private func work() {
        guard !workers.isEmpty else { return }
        let input = workers.remove(at: Int(random.next() % UInt64(workers.count)))
        switch input {
        case .partialOpened:
            partial = TouchedFile(right: PieceSet(pieceCount: file.layer.count), isThere: true)
            feed(input)
        case .pieceStored(let id, let piece, _, .stored):
            partial.stored(piece)
            if partial.isTouched { feed(.partialTouched(id, isThere: true)) }
            feed(input)
        case .committed(let id, _):
            if partial.isTouched { feed(.partialTouched(id, isThere: true)) }
            feed(input)
        case .partialVerified(let id, var pieces):
            guard partial.isThere, !partial.isTouched else {
                return feed(.partialTouched(id, isThere: partial.isThere))
            }
            pieces.subtract(partial.right.complement)
            feed(.partialVerified(id, pieces))
        case .delivered(let id, _):
            guard partial.isThere, !partial.isTouched else {
                return feed(.partialTouched(id, isThere: partial.isThere))
            }
            if !partial.right.isComplete { wrongDeliveries += 1 }
            feed(input)
        default: feed(input)
        }
    }

    private func disconnectUnsteady() {
        for (peer, holder) in holders where holder.character == .unsteady {
            guard let connection = holder.connection else { continue }
            forget(connection, of: peer)
            return feed(.closed(connection, reason: "reset"))
        }
    }

    /// Some holder says its next word, or sends some of the piece it has announced.
    private func speak() {
        let peers = holders.keys.sorted().filter { holders[$0]?.connection != nil }
        guard let peer = peers.randomElement(using: &random), let connection = holders[peer]?.connection else { return }
        if let (id, piece) = receiving[connection] { return bring(piece, of: id, on: connection, peer) }
        guard holders[peer]?.outbox.isEmpty == false, let message = holders[peer]?.outbox.removeFirst() else { return }
        feed(.received(connection, message))
    }

    private func bring(_ piece: Int, of id: DownloadID, on connection: ConnectionID, _ peer: UInt64) {
        feed(.progressed(connection, bytes: 1 << 18))
        guard random.next() % 4 == 0 else { return }
        receiving[connection] = nil
        let isWrong = holders[peer]?.character == .liar && random.next() % 3 == 0
        feed(.pieceReceived(connection))
        workers.append(.pieceStored(id, index: piece, from: connection, isWrong ? .wrong : .stored))
    }

    private func forget(_ connection: ConnectionID, of peer: UInt64) {
        holders[peer]?.connection = nil
        holders[peer]?.outbox = []
        receiving[connection] = nil
        owners[connection] = nil
    }

    // MARK: Effects

    private func feed(_ input: PeerInput) {
        var effects: [PeerEffect] = []
        machine.handle(input, now: now, effects: &effects)
        for effect in effects { perform(effect) }
    }

    private func perform(_ effect: PeerEffect) {
        switch effect {
        case .dial(.peer(let peer, _)): pendingDials.append(peer.low)
        case .send(let connection, let message): if let peer = owners[connection] { hear(message, peer) }
        case .close(let connection, _): if let peer = owners[connection] { forget(connection, of: peer) }
        case .receivePiece(let connection, let id, let piece, _):
            receiving[connection] = (id, piece)
            feed(.pieceStarted(connection))
        case .checkLayer(let id, _, let digests):
            workers.append(.layerChecked(id, isRight: digests == file.layer))
        case .openPartial(let record, let layer):
            workers.append(.partialOpened(record.id, PieceSet(pieceCount: layer.count)))
        case .verifyPartial(let id, let pieces):
            partial.isTouched = false
            workers.append(.partialVerified(id, pieces))
        case .commit(let id, _, _): workers.append(.committed(id, nil))
        case .deliver(let id, _): workers.append(.delivered(id, .done(file.shared, backup: nil)))
        case .inspect(let id, _): workers.append(.inspected(id, .absent))
        case .finished: isDone = true
        case .failed(_, let failure): failures.append(failure)
        case .wake(let at): wakeAt = at
        case .dial, .discardPiece, .passOver, .serve, .serveNothing, .stopServing, .discardPartial, .found, .left,
            .note,
            .reopenPartial,
            .checkPartial, .checkSpace, .keep, .forget, .banned, .lifted, .accepted, .changed,
            .surveyed, .liftedBans,
            .readManifest, .surveyTree, .receiveFile, .publishFiles, .discardFiles, .closeTree, .keepLarge,
            .removeRemains, .makeManifest,
            .inspectTree:
            break
        }
    }

    /// What a holder answers, sooner or later; one that is mute has the file and then sends nothing of it.
    private func hear(_ message: Message, _ peer: UInt64) {
        switch message {
        case .req(let number, _):
            if let offer = file.offer() { holders[peer]?.outbox.append(.have(request: number, offer)) }
        case .hashesRequest(let root, let first, let count):
            guard holders[peer]?.character != .mute else { return }
            var digests = Array(file.layer[first..<first + count])
            if holders[peer]?.character == .liar, random.next() % 2 == 0 { digests[0] = root.digest }
            holders[peer]?.outbox.append(.hashes(root, first: first, digests))
        case .chunk(_, let first, let count):
            guard holders[peer]?.character != .mute else { return }
            for piece in first..<first + count {
                holders[peer]?.outbox.append(.piece(index: piece, length: file.layout.size(of: piece)))
            }
            holders[peer]?.outbox.append(.endOfChunk(first: first, .complete))
        case .cancel(_, let first, let count): callOff(first..<first + count, peer)
        default: break
        }
    }

    /// Pieces of the chunk that have not been announced are not sent, and its end says so.
    private func callOff(_ chunk: Range<Int>, _ peer: UInt64) {
        guard let end = holders[peer]?.outbox.firstIndex(of: .endOfChunk(first: chunk.lowerBound, .complete)) else {
            return
        }
        holders[peer]?.outbox[end] = .endOfChunk(first: chunk.lowerBound, .cancelled)
        let before = holders[peer]?.outbox[..<end].lastIndex { $0.type != .piece }.map { $0 + 1 } ?? 0
        holders[peer]?.outbox.removeSubrange(before..<end)
    }
}
