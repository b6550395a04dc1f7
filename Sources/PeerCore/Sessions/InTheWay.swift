import Content
import Wire

/// What is in the way of a question: pieces on the connection by which its peer is spoken to.
extension PeerMachine {
    /// Questions that have waited behind pieces, which a rate limit or a thin wire may hold up for minutes, are asked on
    /// another connection as well. Whichever answer comes first counts.
    mutating func askElsewhere(_ session: PeerSession, _ connection: ConnectionID, of peer: PeerID) {
        guard session.isCarryingPieces(now, within: policy.arrival), let entry = roster.entries[peer] else { return }
        let late = session.asked.filter { $0.value + policy.behindPieces <= now }.keys.sorted()
        for number in late where !isAskedElsewhere(number, of: peer, besides: connection) {
            guard let purpose = questions.purpose(of: number), let query = query(for: purpose) else { continue }
            sessions[connection]?.asked[number] = now
            if let another = all(of: peer).first(where: { $0 != connection && isQuick($0) }) {
                speak(to: peer, on: another)
                say(.req(request: number, query), to: entry)
            } else if opened(to: peer) <= policy.sparesMax {
                contact(entry, to: .req(request: number, query))
            }
        }
    }

    /// Whether nothing is in the way of what is said on a connection.
    private func isQuick(_ connection: ConnectionID) -> Bool {
        sessions[connection]?.isCarryingPieces(now, within: policy.arrival) == false
    }

    /// The connections with a peer, in the order in which they came about.
    func all(of peer: PeerID) -> [ConnectionID] {
        ((spares[peer] ?? []) + (connections[peer].map { [$0] } ?? [])).sorted { $0.rawValue < $1.rawValue }
    }

    /// How many of them this peer has opened.
    private func opened(to peer: PeerID) -> Int { all(of: peer).count { sessions[$0]?.isInbound == false } }

    /// Whether a question has been put to a peer on some connection, or will be.
    func isAsked(_ number: UInt32, of peer: PeerID) -> Bool {
        contacts[peer]?.questions.contains(number) == true
            || all(of: peer).contains { sessions[$0]?.unanswered.contains(number) == true }
    }

    /// Whether nothing is in its way on another connection than this.
    private func isAskedElsewhere(_ number: UInt32, of peer: PeerID, besides connection: ConnectionID) -> Bool {
        contacts[peer]?.questions.contains(number) == true
            || all(of: peer).contains {
                $0 != connection && isQuick($0) && sessions[$0]?.unanswered.contains(number) == true
            }
    }

    /// Closes the connection to a peer that owes us what was called off and is of no other use: a question would wait for
    /// the rest of a piece, which may take for ever.
    mutating func leaveClogged(_ peer: PeerID) {
        guard let connection = connections[peer], let session = sessions[connection], !session.chunks.isEmpty,
            isIdle(session, connection)
        else { return }
        lag([peer])
        drop(connection, "what was called off is in the way of a question", as: .choice)
    }
}
