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
        var parts = Array(repeating: 0, count: members.count)
        for block in 0..<blocks {
            let owner = Crowd.heaviest(of: members, for: block) { parts[$0] < partMax }
            parts[owner] += 1
            owners.append(members[owner])
            seconds.append(members[Crowd.heaviest(of: members, for: block) { $0 != owner }])
        }
    }

    /// The member of the highest weight, as a position, of those that may have the block.
    private static func heaviest(of members: [PeerID], for block: Int, where mayHave: (Int) -> Bool) -> Int {
        var best = (member: 0, weight: UInt64(0))
        for (member, peer) in members.enumerated() where mayHave(member) {
            let weight = weight(of: block, for: peer)
            if weight >= best.weight { best = (member, weight) }
        }
        return best.member
    }

    /// SplitMix64's finalizer over both (Steele, Lea and Flood, 2014).
    private static func weight(of block: Int, for peer: PeerID) -> UInt64 {
        var word = peer.high ^ peer.low &+ UInt64(truncatingIfNeeded: block) &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
