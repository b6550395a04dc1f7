import Content
import Wire

/// Connections between peers: opened when something is to be said, greeted, kept while in use.
extension PeerMachine {
    // trap: first, count: the codec has found both to be of pieces of the file, 2^20 at most
    // trap: now, used, introduction, idle, clogged, inboundCount: times of ours, and connections that there are

    /// Says `message` to a peer, connecting first if need be.
    mutating func say(_ message: Message, to peer: RosterEntry) {
        guard let connection = connections[peer.id], let session = sessions[connection] else {
            return contact(peer, to: message)
        }
        switch session.state {
        case .open: send(message, on: connection)
        case .greeting(let deadline, let queued):
            sessions[connection]?.state = .greeting(deadline: deadline, queued: queued + [message])
        }
    }

    /// Says `message` on a new connection.
    mutating func contact(_ peer: RosterEntry, to message: Message) {
        let isNew = contacts[peer.id] == nil
        contacts[peer.id, default: []].append(message)
        if isNew { dialContacts(peer) }
    }

    mutating func send(_ message: Message, on connection: ConnectionID) {
        sessions[connection]?.used = now
        if let question = message.question { sessions[connection]?.asked[question] = now }
        emit(.send(connection, message))
    }

    private mutating func dialContacts(_ peer: RosterEntry) {
        guard !dialing.contains(peer.id) else { return }
        guard dialing.count < policy.contactsMax else { return postponedContacts.append(peer) }
        dialing.insert(peer.id)
        emit(.dial(.peer(peer.id, peer.address)))
    }

    private mutating func dialNextContact() {
        while dialing.count < policy.contactsMax, let peer = postponedContacts.popLast() {
            if contacts[peer.id] != nil { dialContacts(peer) }
        }
    }

    mutating func peerDialed(_ peer: PeerID, _ address: PeerAddress, _ connection: ConnectionID) {
        dialing.remove(peer)
        guard !link.hasEnded else { return emit(.close(connection, reason: "leaving")) }
        let queued = contacts.removeValue(forKey: peer) ?? []
        sessions[connection] = PeerSession(
            state: .greeting(deadline: now + policy.introduction, queued: queued), address: address, isInbound: false,
            used: now)
        speak(to: peer, on: connection)
        expected[connection] = peer
        emit(.send(connection, .hello(Hello(id: id, role: .peer))))
        dialNextContact()
    }

    mutating func peerDialFailed(_ peer: PeerID, _ reason: String) {
        dialing.remove(peer)
        answersMissing(contacts.removeValue(forKey: peer)?.questions ?? [], from: peer, .fault)
        dialNextContact()
    }

    /// The connection by which a peer is spoken to from now on; another that there was is kept for when this one ends.
    mutating func speak(to peer: PeerID, on connection: ConnectionID) {
        if let old = connections.updateValue(connection, forKey: peer), old != connection {
            spares[peer, default: []].insert(old)
        }
    }

    /// A connection of `peer` is gone; if it was spoken to on it, it is on another from now on, if there is one.
    private mutating func forget(_ connection: ConnectionID, of peer: PeerID) {
        if connections[peer] == connection { connections[peer] = spares[peer]?.first }
        if let spoken = connections[peer] { spares[peer]?.remove(spoken) }
        spares[peer]?.remove(connection)
        if spares[peer]?.isEmpty == true { spares[peer] = nil }
    }

    mutating func accepted(_ connection: ConnectionID, _ address: PeerAddress) {
        let isCrowded = inboundTally.count(from: address) >= policy.inboundPerAddressMax
        guard inboundCount < policy.inboundMax, !isCrowded else {
            let whose = isCrowded ? " from this address" : ""
            emit(.send(connection, .refused(.full, reason: "too many connections\(whose); try again later")))
            return emit(.close(connection, reason: "too many connections\(whose) are open already"))
        }
        inboundCount += 1
        inboundTally.add(address)
        sessions[connection] = PeerSession(
            state: .greeting(deadline: now + policy.introduction, queued: []), address: address, isInbound: true,
            used: now)
        emit(.send(connection, .hello(Hello(id: id, role: .peer))))
    }

    mutating func peerSaid(_ message: Message, on connection: ConnectionID) {
        guard let session = sessions[connection] else { return }
        sessions[connection]?.used = now
        switch session.state {
        case .greeting(_, let queued):
            if case .refused(let code, let reason) = message {
                return refused(by: expected[connection], code, reason, connection)
            }
            guard case .hello(let hello) = message, hello.role == .peer else {
                return refuse(connection, "a \(message.type) before hello")
            }
            greeted(connection, hello.id, queued)
        case .open(let peer): dispatch(message, from: peer, on: connection)
        }
    }

    private mutating func greeted(_ connection: ConnectionID, _ peer: PeerID, _ queued: [Message]) {
        guard peer != id else { return refuse(connection, "this is the peer itself") }
        guard !isBanned(peer) else {
            emit(.send(connection, .refused(.banned, reason: "this peer is refused for a while")))
            return drop(connection, "it is banned")
        }
        let isInbound = sessions[connection]?.isInbound == true
        let openCount = all(of: peer).count { sessions[$0]?.isInbound == true }
        guard !isInbound || openCount < policy.inboundPerPeerMax else {
            emit(.send(connection, .refused(.full, reason: "this peer has \(openCount) connections here already")))
            return drop(connection, "it has \(openCount) connections already")
        }
        if let expectedPeer = expected[connection], expectedPeer != peer {
            // Another daemon listens there now; what was to be said was meant for the old one.
            return drop(connection, "another peer answers at this address")
        }
        sessions[connection]?.state = .open(peer)
        if let spoken = connections[peer], spoken != connection {
            spares[peer, default: []].insert(connection)
        } else {
            connections[peer] = connection
        }
        for message in queued { send(message, on: connection) }
    }

    private mutating func dispatch(_ message: Message, from peer: PeerID, on connection: ConnectionID) {
        switch message {
        case .req(let request, let query): answer(request, query, of: peer, on: connection)
        case .hashesRequest(let root, let first, let count): sendHashes(root, first, count, to: peer, on: connection)
        case .chunk(let root, let first, let count): serve(root, first..<first + count, on: connection)
        case .cancel(let root, let first, _): stopServing(root, first: first, on: connection)
        case .have(let request, let offer):
            refusers.remove(peer)
            answered(request, offer, by: peer, on: connection)
        case .notHave(let request, let reason):
            refusers.remove(peer)
            answered(request, reason, by: peer, on: connection)
        case .hashes(let root, let first, let digests): hashesArrived(root, first, digests, from: peer, on: connection)
        case .piece(let index, let length): pieceAnnounced(index, length, on: connection)
        case .endOfChunk(let first, let end): chunkEnded(first, end, on: connection)
        case .noHashes(let root): hashesGone(root, on: connection)
        case .refused(let code, let reason): refused(by: peer, code, reason, connection)
        case .nowHave(let root, let runs): gained(root, runs, on: connection)
        case .introduce(let root, let peers): introduced(root, peers)
        case .busy(let first, let milliseconds): chunkPostponed(first, milliseconds, on: connection)
        case .hello, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta, .ping:
            refuse(connection, "a \(message.type) is not expected here")
        }
    }

    private mutating func refused(
        by peer: PeerID?, _ code: RefusalCode, _ reason: String, _ connection: ConnectionID
    ) {
        // Only of those that the manager knows: anybody may connect under any number of ids.
        if code == .banned, let peer, roster.entries[peer] != nil, refusers.insert(peer).inserted {
            note(.refusedBy(peer, reason: reason))
            if refusers.count > roster.entries.count { refusers = refusers.filter { roster.entries[$0] != nil } }
        }
        drop(connection, "the peer refused: \(reason)")
    }

    /// Closes a connection whose peer broke the protocol, and tells it why.
    mutating func refuse(_ connection: ConnectionID, _ reason: String) {
        if let session = sessions[connection] {
            note(.refusedPeer(connection, session.address, id: session.peer, reason: reason))
        }
        emit(.send(connection, .refused(.violation, reason: reason)))
        drop(connection, reason)
    }

    /// Closes a connection.
    mutating func drop(_ connection: ConnectionID, _ reason: String, as ending: SessionEnding = .fault) {
        guard sessions[connection] != nil else { return }
        emit(.close(connection, reason: reason))
        sessionClosed(connection, reason, as: ending)
    }

    /// Forgets a connection and gives what it was used for to others.
    mutating func sessionClosed(_ connection: ConnectionID, _ reason: String, as ending: SessionEnding) {
        guard let session = sessions.removeValue(forKey: connection) else { return }
        if session.isInbound {
            inboundCount -= 1
            inboundTally.remove(session.address)
        }
        if let peer = expected.removeValue(forKey: connection) ?? session.peer {
            forget(connection, of: peer)
            answersMissing(session.unanswered, from: peer, ending)
        }
        for (id, download) in downloads where download.followers.contains(connection) {
            downloads[id]?.followers.remove(connection)
        }
        laneClosed(connection, reason)
    }

    mutating func sweepSessions() {
        for (connection, session) in sessions {
            switch session.state {
            case .greeting(let deadline, _):
                if deadline <= now { drop(connection, "did not say hello in time") }
            case .open(let peer):
                askElsewhere(session, connection, of: peer)
                let isIdle = isIdle(session, connection)
                if isIdle, session.used + policy.idle <= now {
                    drop(connection, "idle", as: .choice)
                } else if isIdle, !session.chunks.isEmpty, session.used + policy.clogged <= now {
                    lag([peer])
                    drop(connection, "what was called off is still in the way", as: .choice)
                }
            }
        }
    }

    func isIdle(_ session: PeerSession, _ connection: ConnectionID) -> Bool {
        // Chunks of a download that has ended are owed to nobody.
        let isOwed = session.chunks.contains { downloads[$0.download] != nil }
        return session.serving == 0 && !isOwed && !isFetching(on: connection) && !isFollowing(connection)
    }

    /// Whoever hears of our pieces is in touch as long as there are more to come.
    private func isFollowing(_ connection: ConnectionID) -> Bool {
        downloads.values.contains { $0.isFetching && $0.followers.contains(connection) }
    }
}
