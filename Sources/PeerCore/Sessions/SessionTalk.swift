import Content
import Wire

/// Connections between peers: opened when something is to be said, greeted, kept while in use.
extension PeerMachine {
    /// Says `message` to a peer, connecting first if need be.
    mutating func say(_ message: Message, to peer: RosterEntry) {
        if let connection = connections[peer.id], let session = sessions[connection] {
            switch session.state {
            case .open: send(message, on: connection)
            case .greeting(let deadline, let queued):
                sessions[connection]?.state = .greeting(deadline: deadline, queued: queued + [message])
            }
            return
        }
        contacts[peer.id, default: []].append(message)
        dialContacts(peer)
    }

    mutating func send(_ message: Message, on connection: ConnectionID) {
        sessions[connection]?.used = now
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
        connections[peer] = connection
        expected[connection] = peer
        emit(.send(connection, .hello(Hello(id: id, role: .peer))))
        dialNextContact()
    }

    mutating func peerDialFailed(_ peer: PeerID, _ reason: String) {
        dialing.remove(peer)
        contacts[peer] = nil
        answerMissing(from: peer)
        dialNextContact()
    }

    mutating func accepted(_ connection: ConnectionID, _ address: PeerAddress) {
        guard inboundCount < policy.inboundMax else {
            emit(.send(connection, .refused(.full, reason: "too many connections; try again later")))
            return emit(.close(connection, reason: "\(policy.inboundMax) connections are open already"))
        }
        inboundCount += 1
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
            if case .refused(_, let reason) = message { return drop(connection, "the peer refused: \(reason)") }
            guard case .hello(let hello) = message, hello.role == .peer else {
                return refuse(connection, "a \(message.type) before hello")
            }
            greeted(connection, hello.id, queued)
        case .open(let peer): dispatch(message, from: peer, on: connection)
        }
    }

    private mutating func greeted(_ connection: ConnectionID, _ peer: PeerID, _ queued: [Message]) {
        guard peer != id else { return refuse(connection, "this is the peer itself") }
        if let expectedPeer = expected[connection], expectedPeer != peer {
            // Another daemon listens there now; what was to be said was meant for the old one.
            return drop(connection, "another peer answers at this address")
        }
        sessions[connection]?.state = .open(peer)
        if connections[peer] == nil { connections[peer] = connection }
        for message in queued { send(message, on: connection) }
    }

    private mutating func dispatch(_ message: Message, from peer: PeerID, on connection: ConnectionID) {
        switch message {
        case .req(let request, let query): answer(request, query, on: connection)
        case .hashesRequest(let root, let first, let count): sendHashes(root, first, count, on: connection)
        case .chunk(let root, let first, let count): serve(root, first..<first + count, on: connection)
        case .cancel(let root, let first, _): emit(.stopServing(connection, root, first: first))
        case .have(let request, let offer): answered(request, offer, by: peer, on: connection)
        case .notHave(let request, let reason): answered(request, reason, by: peer, on: connection)
        case .hashes(let root, let first, let digests): hashesArrived(root, first, digests, from: peer, on: connection)
        case .piece(let index, let length): pieceAnnounced(index, length, on: connection)
        case .endOfChunk(let first, let end): chunkEnded(first, end, on: connection)
        case .noHashes(let root): hashesGone(root, on: connection)
        case .refused(_, let reason): drop(connection, "the peer refused: \(reason)")
        case .hello, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta, .ping:
            refuse(connection, "a \(message.type) is not expected here")
        }
    }

    /// Closes a connection whose peer broke the protocol, and tells it why.
    mutating func refuse(_ connection: ConnectionID, _ reason: String) {
        note(.refusedPeer(connection, reason: reason))
        emit(.send(connection, .refused(.violation, reason: reason)))
        drop(connection, reason)
    }

    /// Closes a connection.
    mutating func drop(_ connection: ConnectionID, _ reason: String) {
        guard sessions[connection] != nil else { return }
        emit(.close(connection, reason: reason))
        sessionClosed(connection, reason)
    }

    /// Forgets a connection and gives what it was used for to others.
    mutating func sessionClosed(_ connection: ConnectionID, _ reason: String) {
        guard let session = sessions.removeValue(forKey: connection) else { return }
        if session.isInbound { inboundCount -= 1 }
        let peer = expected.removeValue(forKey: connection) ?? session.peer
        if let peer, connections[peer] == connection {
            connections[peer] = sessions.first { $0.value.peer == peer }?.key
            answerMissing(from: peer)
        }
        laneClosed(connection, reason)
    }

    mutating func sweepSessions() {
        for (connection, session) in sessions {
            switch session.state {
            case .greeting(let deadline, _):
                if deadline <= now { drop(connection, "did not say hello in time") }
            case .open:
                let isIdle = session.serving == 0 && session.chunks.isEmpty && !isFetching(on: connection)
                if isIdle, session.used + policy.idle <= now { drop(connection, "idle") }
            }
        }
    }
}
