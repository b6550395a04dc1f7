import Content
import Wire

/// What peers answer, and those that do not.
extension PeerMachine {
    mutating func answered(_ number: UInt32, _ offer: FileOffer, by peer: PeerID, on connection: ConnectionID) {
        guard let purpose = take(number, from: peer, on: connection) else { return }
        switch purpose {
        case .download(let download):
            if downloads[download]?.root == offer.root { addHolder(peer, connection, offer.holding, to: download) }
        case .wish(let id): offered(id, offer, by: peer, on: connection)
        }
    }

    mutating func answered(_ number: UInt32, _ reason: NotHaveReason, by peer: PeerID, on connection: ConnectionID) {
        guard let purpose = take(number, from: peer, on: connection) else { return }
        notAnswered(purpose, by: peer, reason)
    }

    private mutating func take(_ number: UInt32, from peer: PeerID, on connection: ConnectionID) -> Questions.Purpose? {
        sessions[connection]?.asked.remove(number)
        let purpose = questions.take(number, from: peer)
        if purpose == nil { refuse(connection, "an answer to a question that was not asked") }
        return purpose
    }

    /// - Parameter reason: nil if there was no answer.
    private mutating func notAnswered(_ purpose: Questions.Purpose, by peer: PeerID, _ reason: NotHaveReason?) {
        switch purpose {
        case .wish(let id): settle(peer, in: id, reason)
        case .download(let id):
            unmet(peer, in: id)
            giveUpIfOnlyLiars(id)
        }
    }

    /// Questions that were asked of `peer` on a connection that is gone, or that never came about.
    /// - Parameter isLost: the connection was there, and ended by itself.
    mutating func answersMissing(_ numbers: some Collection<UInt32>, from peer: PeerID, isLost: Bool = false) {
        for number in numbers.sorted() {
            guard let purpose = questions.take(number, from: peer) else { continue }
            if isLost, askOnceMore(peer, for: purpose) { continue }
            notAnswered(purpose, by: peer, nil)
        }
    }

    /// A connection may have been dead for long before a question showed it: whoever was asked on it is asked on another
    /// that there is, and then, once, on a new one.
    /// - Returns: false if that was tried before, or is of no use.
    private mutating func askOnceMore(_ peer: PeerID, for purpose: Questions.Purpose) -> Bool {
        guard roster.entries[peer] != nil, !link.hasEnded else { return false }
        let hasOther = connections[peer] != nil
        switch purpose {
        case .wish(let id):
            guard var request = requests[id], case .asking(var ask) = request.state,
                hasOther || ask.askedAgain.insert(peer).inserted
            else { return false }
            request.state = .asking(ask)
            requests[id] = request
            put(request.wish.query, to: peer, for: purpose)
        case .download(let id):
            guard let query = downloads[id]?.query, downloads[id]?.isFetching == true,
                hasOther || downloads[id]?.askedAgain.insert(peer).inserted == true
            else { return false }
            put(query, to: peer, for: purpose)
        }
        return true
    }

    private mutating func offered(_ id: RequestID, _ offer: FileOffer, by peer: PeerID, on connection: ConnectionID) {
        guard var request = requests[id] else { return }
        switch request.state {
        case .inspecting: break
        case .fetching(let download):
            // The window had closed without it.
            if downloads[download]?.root == offer.root { addHolder(peer, connection, offer.holding, to: download) }
        case .asking(var ask):
            guard request.wish.tree == offer.isTree else {
                return refuse(connection, "an offer of a \(offer.isTree ? "directory" : "file") that was not asked for")
            }
            if request.wish.tree {
                guard offer.root.length <= UInt64(ManifestLimits.bytesMax) else {
                    return refuse(connection, "a directory's list of \(offer.root.length) bytes")
                }
                // Directories are asked for by name.
                if let digest = request.wish.digest, digest != offer.root.digest {
                    return settle(peer, in: id, .unknown)
                }
            } else if !request.wish.accepts(offer.root) {
                return refuse(connection, "an offer of another root than was asked for")
            }
            ask.outstanding.remove(peer)
            let address = roster.entries[peer]?.address ?? sessions[connection]?.address
            if let address {
                ask.offers[peer] = .init(
                    root: offer.root, length: offer.length, modified: offer.modified, address: address,
                    holding: offer.holding)
            }
            request.state = .asking(ask)
            requests[id] = request
            decide(id)
        }
    }

    private mutating func settle(_ peer: PeerID, in id: RequestID, _ reason: NotHaveReason?) {
        guard var request = requests[id], case .asking(var ask) = request.state else { return }
        ask.outstanding.remove(peer)
        switch reason {
        case .indexing:
            ask.indexing.insert(peer)
            if ask.askAgain == .distantFuture { ask.askAgain = now + policy.askAgain }
        case .unfit: if let address = roster.entries[peer]?.address { ask.unfit.insert(address) }
        case .unknown, nil: break
        }
        request.state = .asking(ask)
        requests[id] = request
        decide(id)
    }
}
