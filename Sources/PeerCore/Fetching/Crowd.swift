import Content

/// The others that fetch the same file, and which of its pieces they have.
///
/// Of the pieces that nobody has but a complete holder, each fetcher asks it for its own part only and gets the others
/// from those whose part they are: so a crowd that starts together takes each piece from the origin about once. Whose a
/// piece is follows from its number and the fetchers' ids alone (rendezvous hashing: Thaler and Ravishankar, 1998), so
/// that nothing has to be agreed on, and one fetcher more or less moves few pieces. Nobody's part is larger than another's
/// (bounded loads: Mirrokni, Thorup and Zadimoghaddam, 2018): whoever has the largest has the most to send, and all others
/// would wait for it.
struct Crowd {
    /// Pieces that fall to one fetcher together, at least so many blocks in a file: it bounds the work of dividing them.
    private static let blocksMax = 1 << 14

    let id: PeerID
    private let pieceCount: Int
    private let blockSizeLog2: Int
    private(set) var rivals: Set<PeerID> = []
    /// How many of the fetchers that we hear from have a piece; empty while none has any.
    private var counts: [UInt16] = []
    /// Whose each block is, and who takes it over if that one is late; empty while there are no rivals: then all are ours.
    private var owners: [PeerID] = []
    private var seconds: [PeerID] = []

    init(id: PeerID, pieceCount: Int) {
        self.id = id
        self.pieceCount = pieceCount
        var log2 = 0
        while pieceCount >> log2 > Crowd.blocksMax { log2 += 1 }
        blockSizeLog2 = log2
    }

    var isEmpty: Bool { rivals.isEmpty }

    /// - Returns: false if it is known already.
    mutating func insert(_ peer: PeerID) -> Bool {
        guard peer != id, rivals.insert(peer).inserted else { return false }
        divide()
        return true
    }

    mutating func remove(_ peer: PeerID) {
        guard rivals.remove(peer) != nil else { return }
        divide()
    }

    /// Whether a piece that only complete holders have is ours to fetch from them.
    func owns(_ piece: Int) -> Bool { owner(of: piece) == id }

    /// Which of the fetchers is to fetch it.
    func owner(of piece: Int) -> PeerID { owners.isEmpty ? id : owners[piece >> blockSizeLog2] }

    /// Whether a piece is ours to fetch when the one whose it is is late with it.
    func isSecond(of piece: Int) -> Bool { !seconds.isEmpty && seconds[piece >> blockSizeLog2] == id }

    /// Fetchers that have a piece.
    func count(of piece: Int) -> Int { counts.isEmpty ? 0 : Int(counts[piece]) }

    mutating func gained(_ pieces: some Sequence<Int>) {
        if counts.isEmpty { counts = Array(repeating: 0, count: pieceCount) }
        for piece in pieces where counts[piece] < .max { counts[piece] += 1 }
    }

    mutating func lost(_ pieces: some Sequence<Int>) {
        guard !counts.isEmpty else { return }
        for piece in pieces where counts[piece] > 0 { counts[piece] -= 1 }
    }

    private mutating func divide() {
        (owners, seconds) = ([], [])
        guard !rivals.isEmpty else { return }
        let members = [id] + rivals
        let blocks = (pieceCount + (1 << blockSizeLog2) - 1) >> blockSizeLog2
        let partMax = (blocks + members.count - 1) / members.count
        owners.reserveCapacity(blocks)
        seconds.reserveCapacity(blocks)
        var parts = Array(repeating: Part(), count: members.count)
        for position in members.indices { parts[position].key = members[position].high ^ members[position].low }
        for block in 0..<blocks {
            let (owner, second) = Crowd.heaviest(of: parts, for: block, partMax)
            parts[owner].count += 1
            owners.append(members[owner])
            seconds.append(members[second])
        }
    }

    /// What one member has of the blocks so far.
    private struct Part {
        var key: UInt64 = 0
        var count = 0
    }

    /// The members of the highest weights for a block, as positions: of those whose part is not full, and of all others.
    private static func heaviest(of parts: [Part], for block: Int, _ partMax: Int) -> (owner: Int, second: Int) {
        var owner = (member: 0, weight: UInt64(0))
        var (first, next) = (owner, owner)
        for member in parts.indices {
            let weight = weight(of: block, for: parts[member].key)
            if weight >= first.weight {
                (first, next) = ((member, weight), first)
            } else if weight >= next.weight {
                next = (member, weight)
            }
            if parts[member].count < partMax, weight >= owner.weight { owner = (member, weight) }
        }
        return (owner.member, owner.member == first.member ? next.member : first.member)
    }

    /// SplitMix64's finalizer over both (Steele, Lea and Flood, 2014).
    private static func weight(of block: Int, for key: UInt64) -> UInt64 {
        var word = key &+ UInt64(truncatingIfNeeded: block) &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
