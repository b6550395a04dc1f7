import Content
import Wire

/// How a download stands: how far it is, what it does, and what others can have of it.
extension Download {
    /// Bytes verified and written.
    var have: UInt64 { kind == .tree ? figures.have : plan.have }

    /// Bytes in all, as far as is known.
    var length: UInt64 { kind == .tree ? figures.length : root.length }

    /// Of a tree. Between two surveys nobody knows better.
    var figures: Figures {
        guard let tree, tree.isSurveyed else { return lastKnown }
        return Figures(have: tree.have, length: tree.manifest.length)
    }

    mutating func awaitIndex(of peer: PeerID, until moment: Moment) {
        indexing.insert(peer)
        askAgain = min(askAgain, moment)
    }

    /// What to ask others for.
    var query: FileQuery { kind == .tree ? .tree(name) : .root(root) }

    /// All that had it sent something else.
    var hasOnlyLiars: Bool { !holders.isEmpty && holders.values.allSatisfy(\.isLiar) }

    /// What the holder that sends on a connection has, while that is not all.
    func pieces(ofHolderOn connection: ConnectionID) -> PieceSet? {
        guard let peer = senders[connection], case .pieces(let pieces) = holders[peer]?.holding else { return nil }
        return pieces
    }

    /// Its part of the holders' connections.
    var currentLanes: [ConnectionID: Lane] { tree?.plan.lanes ?? plan.lanes }

    /// Bytes from the beginning of the partial file without a gap. What an earlier run left counts when it has been
    /// looked at.
    var prefix: UInt64 {
        guard kind.badPieces == nil, !isDoubted else { return 0 }
        let inherited = inherited?.next(from: 0).map { plan.layout.offset(of: $0) } ?? .max
        return min(plan.prefix, inherited)
    }

    /// Holders are of use to it.
    var isFetching: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching, .growing: true
        case .queued, .draining, .proving, .finishing, .reading, .paused, .failed: false
        }
    }

    /// Whoever has something of it is kept in mind.
    var takesHolders: Bool {
        if case .reading = phase { true } else { isFetching }
    }

    /// The highest priority is first, then who was asked for first.
    func comesBefore(_ other: Download) -> Bool {
        (other.priority, turn, id.rawValue) < (priority, other.turn, other.id.rawValue)
    }

    /// It takes one of the places for downloads that run.
    var isRunning: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching, .draining, .proving, .finishing, .reading, .growing: true
        case .queued, .paused, .failed: false
        }
    }

    var isOpen: Bool { partial == .open }

    /// Its partial file is not as this daemon left it.
    var isDoubted: Bool { partial == .touched || partial == .displaced }

    /// All of it is stored and proved: what is left is the delivery, with a sync of its own.
    var isReadyToFinish: Bool {
        if case .fetching = phase { plan.isComplete && inherited == nil } else { false }
    }

    /// It cannot be called off any more.
    var isFinishing: Bool {
        if case .finishing = phase { true } else { false }
    }

    /// Whether it will be fetched is not decided: it is nobody's yet.
    var isProvisional: Bool { provisional != nil }

    var failure: FetchFailure? {
        if case .failed(let failure) = phase { failure } else { nil }
    }

    /// It makes headway, or will when its turn comes.
    var isGoing: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching: isFed
        case .growing: isFed || tree?.isSurveyed == false
        case .queued, .draining, .proving, .finishing, .reading: true
        case .paused, .failed: false
        }
    }

    /// No holder is left, or none with anything that is missing.
    var isWaiting: Bool { isFetching && !isFed && tree?.isSurveyed != false }

    /// Some holder in use has what is missing. Others that fetch the same may have nothing, and wait like this one.
    var isFed: Bool {
        lanes.contains { connection in
            switch senders[connection].flatMap({ holders[$0]?.holding }) {
            case .all, .tree: true
            case .pieces(let pieces): tree == nil && plan.lacks(someOf: pieces)
            case nil: false
            }
        }
    }

    /// Its holders have all said that they are busy, and have brought nothing for that long.
    func isStarved(for span: Span, now: Moment) -> Bool {
        !currentLanes.isEmpty
            && currentLanes.values.allSatisfy { $0.resumesAt > now && $0.inFlight.isEmpty && $0.lastByte + span <= now }
    }

    /// A file that was begun for a tree, whether that waits for it now or is stopped.
    func isMember(of tree: Download) -> Bool {
        tree.kind == .tree && kind == .file && turn == tree.turn && name.isBelow(tree.name)
    }

    /// It is a tree for which there is no room, and this may be a file of it.
    func isShort(of name: ShareName) -> Bool {
        if case .paused(.space) = phase { kind == .tree && name.isBelow(self.name) } else { false }
    }

    /// What it has for others.
    var offered: PieceSet? { isOpen ? offerable(commits.offered) : nil }

    /// Whoever has all of a manifest has its tree: one that is fetched lacks the manifest's last piece for others.
    func offerable(_ pieces: PieceSet) -> PieceSet {
        guard kind == .tree else { return pieces }
        var pieces = pieces
        pieces.remove(pieces.pieceCount - 1)
        return pieces
    }
}
