import Content

/// What was asked of whom and is not answered: `req` messages on their way.
struct Questions {
    enum Purpose: Hashable {
        /// A client's wish, before it is known what to fetch.
        case wish(RequestID)
        /// A download looking for holders.
        case download(DownloadID)
    }

    struct Question {
        let peer: PeerID
        let purpose: Purpose
        let asked: Moment
    }

    private var byNumber: [UInt32: Question] = [:]
    private var byPeer: [PeerID: Set<UInt32>] = [:]
    private var lastNumber: UInt32 = 0

    var count: Int { byNumber.count }

    /// - Returns: the number that the answer will carry.
    mutating func add(to peer: PeerID, for purpose: Purpose, now: Moment) -> UInt32 {
        repeat { lastNumber &+= 1 } while byNumber[lastNumber] != nil
        byNumber[lastNumber] = Question(peer: peer, purpose: purpose, asked: now)
        byPeer[peer, default: []].insert(lastNumber)
        return lastNumber
    }

    /// - Returns: what the answer is for; nil if `peer` was not asked that.
    mutating func take(_ number: UInt32, from peer: PeerID) -> Question? {
        guard let question = byNumber[number], question.peer == peer else { return nil }
        byNumber[number] = nil
        byPeer[peer]?.remove(number)
        if byPeer[peer]?.isEmpty == true { byPeer[peer] = nil }
        return question
    }

    /// Whether anybody has still to answer.
    func isOpen(_ purpose: Purpose) -> Bool {
        byNumber.values.contains { $0.purpose == purpose }
    }

    /// - Returns: nil if it has been answered.
    func purpose(of number: UInt32) -> Purpose? { byNumber[number]?.purpose }

    func isAsking(_ peer: PeerID, for purpose: Purpose) -> Bool {
        byPeer[peer]?.contains { byNumber[$0]?.purpose == purpose } ?? false
    }
}
