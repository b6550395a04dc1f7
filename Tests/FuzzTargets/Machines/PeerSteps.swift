import Content
import PeerCore
import Wire

/// What may happen next: decided by the input, byte by byte.
extension PeerWorld {
    mutating func step() throws {
        switch choices.below(20) {
        case 0: try work()
        case 1: try answerDial(succeeds: true)
        case 2: try answerDial(succeeds: choices.below(4) > 0)
        case 3: try greet()
        case 4, 5: try answerQuestion()
        case 6: try answerPage()
        case 7, 8: try bring()
        case 9: try endChunk()
        case 10: try wish()
        case 11: try ask()
        case 12: try share()
        case 13: try managerSays()
        case 14: try accept()
        case 15: try sayAnything()
        case 16: try sayBytes()
        case 17: try disconnectSomebody()
        case 18: try pass([.milliseconds(250), .seconds(1), .seconds(5), .seconds(61)][choices.below(4)])
        default:
            if choices.byte() == 255 { try feed(.leave) } else { try pass(.milliseconds(UInt64(choices.byte()))) }
        }
    }

    // MARK: Workers

    mutating func work() throws {
        guard !owed.isEmpty else { return }
        let input = owed.remove(at: choices.below(min(owed.count, 256)))
        switch input {
        case .partialOpened(let id, let pieces):
            guard take(id) else { return }
            partials[id] = .open
            written[id] = pieces
        case .partialFailed(let id, _) where partials[id] == .open: break
        case .partialFailed(let id, _), .partialMissing(let id, _): guard take(id) else { return }
        case .committed(let id, _), .partialVerified(let id, _), .partialTouched(let id, true), .partialChecked(let id):
            guard partials[id] == .open || partials[id] == .displaced else { return }
        case .partialTouched(let id, false): partials[id] = partials[id] == .open ? .displaced : partials[id]
        case .delivered(let id, .done): partials[id] = nil
        case .pieceStored(let id, let index, _, .stored): written[id]?.insert(index)
        case .filesStaged(let id, _), .filesPublished(let id, _), .publishingFailed(let id, _), .treeFailed(let id, _),
            .treeSurveyed(let id, _):
            guard trees[id] != nil else { return }
        default: break
        }
        try feed(input)
    }

    /// - Returns: whether the partial file that was being opened is still wanted.
    private mutating func take(_ id: DownloadID) -> Bool {
        partials.removeValue(forKey: id) == .opening
    }

    // MARK: Other peers

    private mutating func answerDial(succeeds: Bool) throws {
        guard !dials.isEmpty else { return }
        let dial = dials.remove(at: choices.below(min(dials.count, 256)))
        guard succeeds else { return try feed(.dialFailed(dial, reason: "refused")) }
        switch dial {
        case .manager: try feed(.dialed(dial, connect(nil)))
        case .peer(let peer, _): try feed(.dialed(dial, connect(peer.low)))
        }
    }

    private mutating func accept() throws {
        guard connections.count < 12 else { return }
        let peer = UInt64(choices.below(9))
        let connection = connect(peer)
        try feed(.accepted(connection, from: .fuzzed(peer)))
    }

    mutating func greet() throws {
        guard let connection = connections.first(where: { !$0.isGreeted }) else { return }
        change(connection.id) { $0.isGreeted = true }
        if let peer = connection.peer {
            try say(.hello(Hello(id: .fuzzed(peer), role: .peer)), on: connection.id)
        } else {
            try say(.hello(Hello(id: .fuzzed(99), role: .manager)), on: connection.id)
            try say(.welcome(observed: .fuzzed(0), heartbeat: 5000, silence: 600_000), on: connection.id)
            try say(snapshot(epoch: 1, count: 7), on: connection.id)
        }
    }

    func snapshot(epoch: UInt64, count: Int) -> Message {
        let entries = (0..<UInt64(count)).map { RosterEntry(id: .fuzzed($0), address: .fuzzed($0), label: "") }
        return .rosterSnapshot(RosterPage(epoch: epoch, total: count, first: 0, entries: entries))
    }

    private mutating func managerSays() throws {
        guard let manager = connections.first(where: { $0.peer == nil && $0.isGreeted })?.id else { return }
        let epoch = UInt64(choices.below(4))
        switch choices.below(4) {
        case 0: try say(.ping(epoch: epoch, size: UInt32(choices.below(9))), on: manager)
        case 1: try say(snapshot(epoch: epoch, count: choices.below(9)), on: manager)
        default:
            let joined = PeerID.fuzzed(UInt64(choices.below(12)))
            let entry = RosterEntry(id: joined, address: .fuzzed(joined.low), label: "")
            let left = choices.flag() ? [PeerID.fuzzed(UInt64(choices.below(9)))] : []
            try say(
                .rosterDelta(RosterDelta(epoch: machine.currentRoster.epoch + 1, joined: [entry], left: left)),
                on: manager)
        }
    }

    private mutating func disconnectSomebody() throws {
        guard let connection = choices.element(of: connections)?.id else { return }
        disconnect(connection)
        try feed(.closed(connection, reason: "reset"))
    }

    // MARK: Holders

    mutating func answerQuestion() throws {
        guard let connection = choices.element(of: connections.filter { !$0.questions.isEmpty && $0.isGreeted }),
            let question = connection.questions.first
        else { return }
        change(connection.id) { $0.questions.removeFirst() }
        guard let file = asked(question.query) else {
            let reason: NotHaveReason = [.unknown, .indexing, .unfit, .indexing][choices.below(4)]
            return try say(.notHave(request: question.number, reason), on: connection.id)
        }
        var holding = Holding.all
        if choices.below(4) == 3, file.layout.pieceCount > 1 {
            var pieces = PieceSet(pieceCount: file.layout.pieceCount)
            pieces.insert(0..<choices.below(min(256, file.layout.pieceCount)))
            holding = .pieces(pieces)
        }
        if case .tree = question.query { holding = .tree(length: 1 << 30) }
        guard let offer = FileOffer(root: file.root, modified: 1, name: file.name, holding: holding) else { return }
        try say(.have(request: question.number, offer), on: connection.id)
    }

    private mutating func asked(_ query: FileQuery) -> Things.File? {
        if choices.below(8) == 7 { return choices.element(of: things.files) }
        return switch query {
        case .name(let name): things.files.first { $0.name == name }
        case .root(let root): things.file(root)
        case .digest(let digest): things.files.first { $0.root.digest == digest }
        case .tree(let name): things.file(named: name)
        }
    }

    private mutating func answerPage() throws {
        guard let connection = choices.element(of: connections.filter { !$0.pages.isEmpty }),
            let page = connection.pages.first
        else { return }
        change(connection.id) { $0.pages.removeFirst() }
        switch choices.below(8) {
        case 7: try say(.noHashes(page.root), on: connection.id)
        case 6:
            let wrong = [Digest](repeating: .zero, count: page.range.count)
            try say(.hashes(page.root, first: page.range.lowerBound, wrong), on: connection.id)
        default:
            guard let layer = things.file(page.root)?.layer, page.range.upperBound <= layer.count else { return }
            try say(.hashes(page.root, first: page.range.lowerBound, Array(layer[page.range])), on: connection.id)
        }
    }

    /// The next piece of the oldest chunk is announced, or comes further, or is whole.
    private mutating func bring() throws {
        let busy = connections.filter { $0.receiving != nil || $0.chunks.first?.rest.isEmpty == false }
        guard let connection = choices.element(of: busy) else { return }
        if let incoming = connection.receiving { return try bring(incoming, on: connection.id) }
        guard let chunk = connection.chunks.first, let piece = chunk.rest.first,
            let layout = PieceLayout(length: chunk.root.length)
        else { return }
        change(connection.id) { $0.chunks[0].rest.removeFirst() }
        try say(.piece(index: piece, length: layout.size(of: piece)), on: connection.id)
        if let incoming = self[connection.id]?.receiving, choices.below(4) < 3 {
            try bring(incoming, on: connection.id)
        }
    }

    private mutating func bring(_ incoming: Incoming, on connection: ConnectionID) throws {
        try feed(.progressed(connection, bytes: 1 << 14))
        guard self[connection]?.receiving != nil, choices.below(4) < 3 else { return }
        change(connection) { $0.receiving = nil }
        let outcome = pieceOutcome()
        if incoming.isFile {
            let staged = StagedFile(index: incoming.index, connection: connection, outcome: fileOutcome(outcome))
            owed.append(.filesStaged(incoming.download, [staged]))
        } else if partials[incoming.download] == .open {
            owed.append(.pieceStored(incoming.download, index: incoming.index, from: connection, outcome))
        } else {
            return
        }
        try feed(.pieceReceived(connection))
    }

    private mutating func pieceOutcome() -> PieceOutcome {
        switch choices.below(8) {
        case 7: .failed(DiskFailure(message: "write: full", code: 28, isOutOfSpace: true))
        case 6: .wrong
        case 5: .failed(DiskFailure(message: "write: no", code: 5, isOutOfSpace: false))
        default: .stored
        }
    }

    private mutating func fileOutcome(_ outcome: PieceOutcome) -> StagedFile.Outcome {
        switch outcome {
        case .failed(let failure): .failed(failure)
        case .wrong: .wrong
        case .stored: choices.below(8) == 7 ? .superfluous : .stored
        }
    }

    private mutating func endChunk() throws {
        let waiting = connections.filter { $0.receiving == nil && !$0.chunks.isEmpty }
        guard let connection = choices.element(of: waiting), let chunk = connection.chunks.first else { return }
        change(connection.id) { $0.chunks.removeFirst() }
        switch choices.below(6) {
        case 5: try say(.busy(first: chunk.first, retryAfter: UInt32(choices.byte()) << 6), on: connection.id)
        case 4: try say(.endOfChunk(first: chunk.first, .gone), on: connection.id)
        case 3: try say(.endOfChunk(first: chunk.first, .cancelled), on: connection.id)
        default: try say(.endOfChunk(first: chunk.first, .complete), on: connection.id)
        }
    }
}
