import Content
import Wire

/// What the peer says to its manager and does with what it hears.
extension PeerMachine {
    mutating func dialManagerIfDue() {
        guard case .waiting(let until) = link.state, until <= now else { return }
        link.state = .dialing(since: now)
        emit(.dial(.manager(link.index)))
    }

    mutating func managerDialed(_ connection: ConnectionID) {
        guard case .dialing = link.state else { return emit(.close(connection, reason: "no longer wanted")) }
        link.state = .greeting(connection, deadline: now + policy.introduction)
        emit(.send(connection, .hello(Hello(id: id, role: .peer))))
    }

    mutating func managerDialFailed(_ reason: String) {
        // Whoever leaves does not try again.
        guard case .dialing = link.state else { return }
        managerLost(reason)
    }

    mutating func managerLost(_ reason: String) {
        let index = link.index
        let pause = link.failed(reason, policy: policy, now: now, random: &random)
        note(.lostManager(index, reason: reason, retryIn: pause))
    }

    mutating func managerSaid(_ message: Message, on connection: ConnectionID) {
        switch (link.state, message) {
        case (.greeting(_, let deadline), .hello(let hello)) where hello.role == .manager:
            link.state = .introducing(connection, deadline: deadline)
            emit(.send(connection, .newPeer(port: listenPort, label: label)))
        case (.introducing, .welcome(let observed, _, let silence)):
            link.joined(connection, silence: .milliseconds(UInt64(silence)), now: now)
            rosterSettled = now + policy.settle
            note(.joinedManager(link.index, observed: observed))
        case (.joined(_, _, let silence), .ping(let epoch, let size)):
            link.state = .joined(connection, heard: now, silence: silence)
            emit(.send(connection, .pong(epoch: roster.epoch)))
            if !roster.agrees(epoch: epoch, size: size) { requestRoster(connection) }
        case (.joined, .rosterSnapshot(let page)):
            if mayTell(page.entries.count, connection) { rosterChanged(roster.apply(page), connection) }
        case (.joined, .rosterDelta(let delta)):
            if mayTell(delta.joined.count + delta.left.count, connection) {
                rosterChanged(roster.apply(delta), connection)
            }
        case (_, .refused(_, let reason)): dropManager("the manager refused: \(reason)", on: connection)
        case (_, _): dropManager("the manager sent a \(message.type) out of turn", on: connection)
        }
    }

    mutating func checkManagerDeadline() {
        guard let connection = link.connection, link.deadline <= now else { return }
        dropManager("the manager was silent for too long", on: connection)
    }

    private mutating func dropManager(_ reason: String, on connection: ConnectionID) {
        emit(.close(connection, reason: reason))
        managerLost(reason)
    }

    private mutating func mayTell(_ entries: Int, _ connection: ConnectionID) -> Bool {
        if link.allowance.take(entries, now: now) { return true }
        dropManager("the manager changes the roster faster than any swarm changes", on: connection)
        return false
    }

    private mutating func requestRoster(_ connection: ConnectionID) {
        emit(.send(connection, .rosterRequest))
    }

    private mutating func rosterChanged(_ change: Roster.Change, _ connection: ConnectionID) {
        switch change {
        case .none: break
        case .missed: requestRoster(connection)
        case .joined(let peers):
            note(.rosterChanged(epoch: roster.epoch, size: roster.entries.count))
            let others = peers.filter { $0 != id }
            askNewcomers(others)
            beginPostponedAsks()
        }
    }
}
