import Content
import Wire

/// What peers answer, and those that do not.
extension PeerMachine {
    mutating func answered(_ number: UInt32, _ offer: FileOffer, by peer: PeerID, on connection: ConnectionID) {
        guard let purpose = take(number, from: peer, on: connection) else { return }
        switch purpose {
        case .download(let download):
            downloads[download]?.metSinceAsked.remove(peer)
            if downloads[download]?.root == offer.root { addHolder(peer, connection, offer.holding, to: download) }
        case .wish(let id): offered(id, offer, by: peer, on: connection)
        }
    }

    mutating func answered(_ number: UInt32, _ reason: NotHaveReason, by peer: PeerID, on connection: ConnectionID) {
        guard let purpose = take(number, from: peer, on: connection) else { return }
        notAnswered(purpose, by: peer, reason)
    }

    private mutating func take(_ number: UInt32, from peer: PeerID, on connection: ConnectionID) -> Questions.Purpose? {
        let isAsked = sessions[connection]?.asked.removeValue(forKey: number) != nil
        guard let question = questions.take(number, from: peer) else {
            // It may have been asked on two connections.
            if !isAsked { refuse(connection, "an answer to a question that was not asked") }
            return nil
        }
        // Who is late once more will be late again.
        if now < question.asked + policy.askWindow { catchUp([peer]) }
        return question.purpose
    }

    /// - Parameter reason: nil if there was no answer.
    private mutating func notAnswered(_ purpose: Questions.Purpose, by peer: PeerID, _ reason: NotHaveReason?) {
        switch purpose {
        case .wish(let id): settle(peer, in: id, reason)
        case .download(let id):
            if downloads[id]?.metSinceAsked.remove(peer) != nil, let query = query(for: purpose) {
                return put(query, to: peer, for: purpose)
            }
            unmet(peer, in: id)
            if reason == .indexing { downloads[id]?.awaitIndex(of: peer, until: now + policy.askAgain) }
            giveUpIfOnlyLiars(id)
        }
    }

    /// Questions that were asked of `peer` on a connection that is gone, or that never came about.
    mutating func answersMissing(_ numbers: some Collection<UInt32>, from peer: PeerID, _ ending: SessionEnding) {
        for number in numbers.sorted() where !isAsked(number, of: peer) {
            guard let purpose = questions.take(number, from: peer)?.purpose else { continue }
            if askAgain(peer, for: purpose, after: ending) { continue }
            notAnswered(purpose, by: peer, nil)
        }
    }

    /// - Returns: false if that is of no use.
    private mutating func askAgain(
        _ peer: PeerID, for purpose: Questions.Purpose, after ending: SessionEnding
    ) -> Bool {
        guard ending != .fault, roster.entries[peer] != nil, !link.hasEnded else { return false }
        let isFree = ending == .choice || connections[peer] != nil
        guard let query = query(for: purpose) else { return false }
        var isAsked = isFree
        if !isFree {
            switch purpose {
            case .wish(let id): requests[id]?.change { isAsked = $0.askedAgain.insert(peer).inserted }
            case .download(let id): isAsked = downloads[id]?.askedAgain.insert(peer).inserted == true
            }
        }
        if isAsked { put(query, to: peer, for: purpose) }
        return isAsked
    }

    /// - Returns: nil if the answer is of no use any more.
    func query(for purpose: Questions.Purpose) -> FileQuery? {
        switch purpose {
        case .wish(let id): requests[id]?.isAsking == true ? requests[id]?.wish.query : nil
        case .download(let id): downloads[id]?.isFetching == true ? downloads[id]?.query : nil
        }
    }

    private mutating func offered(_ id: RequestID, _ offer: FileOffer, by peer: PeerID, on connection: ConnectionID) {
        guard let wish = requests[id]?.wish else { return }
        switch requests[id]?.state {
        case .inspecting, nil: break
        case .fetching(let download):
            // The window had closed without it.
            if downloads[download]?.root == offer.root { addHolder(peer, connection, offer.holding, to: download) }
        case .asking:
            guard wish.tree == offer.isTree else {
                settle(peer, in: id, .unknown)
                return refuse(connection, "an offer of a \(offer.isTree ? "directory" : "file") that was not asked for")
            }
            if wish.tree {
                guard offer.root.length <= UInt64(ManifestLimits.bytesMax) else {
                    settle(peer, in: id, .unknown)
                    return refuse(connection, "a directory's list of \(offer.root.length) bytes")
                }
                // Directories are asked for by name.
                if let digest = wish.digest, digest != offer.root.digest {
                    return settle(peer, in: id, .unknown)
                }
            } else if !wish.accepts(offer.root) {
                settle(peer, in: id, .unknown)
                return refuse(connection, "an offer of another root than was asked for")
            }
            let from = (roster.entries[peer]?.address ?? sessions[connection]?.address).map { address in
                Ask.FileOfferFrom(
                    root: offer.root, length: offer.length, modified: offer.modified, address: address,
                    holding: offer.holding, answered: now)
            }
            requests[id]?.change { ask in
                ask.outstanding.remove(peer)
                if let from { ask.offers[peer] = from }
            }
            if case .asking(let ask) = requests[id]?.state, case .begun(let download) = ask.provisional,
                downloads[download]?.root == offer.root
            {
                addHolder(peer, connection, offer.holding, to: download)
            }
            decide(id)
        }
    }

    private mutating func settle(_ peer: PeerID, in id: RequestID, _ reason: NotHaveReason?) {
        guard requests[id]?.isAsking == true else { return }
        let (again, address) = (now + policy.askAgain, roster.entries[peer]?.address)
        requests[id]?.change { ask in
            ask.outstanding.remove(peer)
            switch reason {
            case .indexing:
                ask.indexing.insert(peer)
                if ask.askAgain == .distantFuture { ask.askAgain = again }
            case .unfit: if let address { ask.unfit.insert(address) }
            case .unknown, nil: break
            }
        }
        decide(id)
    }
}
