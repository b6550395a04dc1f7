import Content

/// The others that fetch the same file, and which of its pieces they have.
///
/// Of the pieces that nobody has but a complete holder, each fetcher asks it for its own part only and gets the others
/// from those whose part they are: so a crowd that starts together takes each piece from the origin about once. Whose a
/// piece is follows from its number and the fetchers' ids alone (rendezvous hashing: Thaler and Ravishankar, 1998), so
/// that nothing has to be agreed on, and one fetcher more or less moves few pieces. Nobody's part is larger than another's
/// (bounded loads: Mirrokni, Thorup and Zadimoghaddam, 2018): whoever has the largest has the most to send, and all others
/// would wait for it. Each fetches its part in one order, and whoever has time left helps others from the other end of
/// theirs: so two fetch the same only where they meet.
struct Crowd {
    /// Pieces that fall to one fetcher together, at least so many blocks in a file: it bounds the work of dividing them.
    private static let blocksMax = 1 << 14
    /// Of a part that nobody says he has anything new of, another takes the last half at most, but for so many pieces: what
    /// its owner has and has not told of yet is not fetched again, and a small rest is left to it.
    private static let unhelped = 2
    /// Nor more than this, which bounds the work of looking for it.
    private static let helpedMax = 1024
    /// A crowd of more is seen in part only (`PeerPolicy.rivalsMax`), and differently by each. Trees need to be seen alike; a
    /// line is one whoever sees it.
    private static let wholeMax = 50

    let id: PeerID
    private let pieceCount: Int
    private let blockSizeLog2: Int
    private(set) var rivals: Set<PeerID> = []
    /// Where we are among all of them. Who has become complete stays where it was.
    private(set) var forest: Forest
    /// Counts whenever somebody comes or goes.
    private(set) var version = 0
    private var completed: Set<PeerID> = []
    /// Those of them that are out of the forest.
    private var aside: Set<PeerID> = []
    /// How many of the fetchers that we hear from have a piece; empty while none has any.
    private var counts: [UInt16] = []
    /// Our part, and where we begin with it.
    private var own: PieceSet
    private var start = 0
    /// All that fetch, this peer first.
    private var members: [CrowdMember] = []
    /// Whose each block is, and who takes it over if that one is late, as positions among the members; empty while there
    /// are no rivals: then all are ours.
    private var owners: [UInt16] = []
    private var seconds: [UInt16] = []

    init(id: PeerID, pieceCount: Int) {
        self.id = id
        self.pieceCount = pieceCount
        forest = Forest(of: id, among: [], stripes: 1)
        var log2 = 0
        while pieceCount >> log2 > Crowd.blocksMax { log2 += 1 }
        blockSizeLog2 = log2
        own = PieceSet(pieceCount: pieceCount)
        divide()
    }

    var isEmpty: Bool { rivals.isEmpty }

    /// - Returns: false if it is known already.
    mutating func insert(_ peer: PeerID) -> Bool {
        guard peer != id, rivals.insert(peer).inserted else { return false }
        divide()
        return true
    }

    mutating func remove(_ peer: PeerID) {
        if completed.remove(peer) != nil { plant() }
        guard rivals.remove(peer) != nil else { return }
        divide()
    }

    /// One that fetched has all of the file now.
    mutating func completed(_ peer: PeerID) {
        guard rivals.remove(peer) != nil else { return }
        completed.insert(peer)
        divide()
    }

    private mutating func plant() {
        version += 1
        let others = rivals.union(completed)
        forest = Forest(of: id, among: others, stripes: others.count < Crowd.wholeMax ? 2 : 1)
    }

    /// Nobody else is in the forest.
    var isAlone: Bool { rivals.isEmpty && completed.isEmpty }

    /// Who passes a stripe on to us; nobody to the first, who gets it from the holder.
    func parent(in stripe: Stripe) -> PeerID? {
        let place = forest.places[stripe.number]
        return (place.ancestors + (place.substitute.map { [$0] } ?? [])).first { !aside.contains($0) }
    }

    /// One that has left the forest. Its pieces are as good as before.
    mutating func putAside(_ peer: PeerID) {
        guard rivals.contains(peer), aside.insert(peer).inserted else { return }
        version += 1
    }

    var isAnyAside: Bool { !aside.isEmpty }

    /// All are in the forest again.
    mutating func takeBack() {
        guard !aside.isEmpty else { return }
        aside = []
        version += 1
    }

    /// Whether a piece that only complete holders have is ours to fetch from them.
    func owns(_ piece: Int) -> Bool { owner(of: piece) == id }

    /// Which of the fetchers is to fetch it.
    func owner(of piece: Int) -> PeerID { members[position(of: piece)].id }

    private func position(of piece: Int) -> Int { owners.isEmpty ? 0 : Int(owners[piece >> blockSizeLog2]) }

    /// Whether a piece is ours to fetch when the one whose it is is late with it.
    func isSecond(of piece: Int) -> Bool { !seconds.isEmpty && seconds[piece >> blockSizeLog2] == 0 }

    /// The first piece of our part, in our order, that none of the others has.
    func firstOwn(in free: PieceSet) -> Int? {
        for range in [start..<pieceCount, 0..<start] {
            var position = range.lowerBound
            while let piece = free.next(from: position, in: own), range.contains(piece) {
                if count(of: piece) == 0 { return piece }
                position = piece + 1
            }
        }
        return nil
    }

    /// The first piece that none of the others has.
    func firstUnheld(in free: PieceSet, of stripe: Stripe) -> Int? {
        var position = 0
        while let piece = free.next(from: position, of: stripe) {
            if count(of: piece) == 0 { return piece }
            position = piece + 1
        }
        return nil
    }

    /// The last one.
    func lastUnheld(in free: PieceSet, of stripe: Stripe) -> Int? {
        (0..<pieceCount).last { stripe.contains($0) && free.contains($0) && count(of: $0) == 0 }
    }

    /// Of the part that is furthest behind, the last piece that none of the others has, and that is ours to take over.
    /// - Parameters:
    ///   - isAnyLate: whatever is left is late; otherwise only the end of a part of which much is left.
    ///   - soon: pieces that a fetcher may have got since it was heard of.
    mutating func lastLate(in free: PieceSet, isAnyLate: Bool, soon: Int) -> Int? {
        var late: (piece: Int, left: Int)?
        for position in members.indices.dropFirst() where members[position].left > late?.left ?? 0 {
            let left = members[position].left
            let atMost = isAnyLate ? left : (left - soon) / 2 - Crowd.unhelped
            if let piece = last(of: position, atMost: min(atMost, Crowd.helpedMax), in: free) { late = (piece, left) }
        }
        return late?.piece
    }

    private mutating func last(of position: Int, atMost: Int, in free: PieceSet) -> Int? {
        guard atMost > 0 else { return nil }
        var passed = 0
        for block in members[position].blocks[..<members[position].blocksLeft].reversed() {
            for piece in pieces(of: block).reversed() where count(of: piece) == 0 {
                guard passed < atMost else { return nil }
                if isSecond(of: piece), free.contains(piece) { return piece }
                passed += 1
            }
            if passed == 0 { members[position].blocksLeft -= 1 }
        }
        return nil
    }

    private func pieces(of block: Int) -> Range<Int> {
        block << blockSizeLog2..<min(pieceCount, (block + 1) << blockSizeLog2)
    }

    /// Fetchers that have a piece.
    func count(of piece: Int) -> Int { counts.isEmpty ? 0 : Int(counts[piece]) }

    mutating func gained(_ pieces: some Sequence<Int>) {
        if counts.isEmpty { counts = Array(repeating: 0, count: pieceCount) }
        for piece in pieces where counts[piece] < .max {
            if counts[piece] == 0 { members[position(of: piece)].left -= 1 }
            counts[piece] += 1
        }
    }

    mutating func lost(_ pieces: some Sequence<Int>) {
        guard !counts.isEmpty else { return }
        for piece in pieces where counts[piece] > 0 {
            counts[piece] -= 1
            if counts[piece] == 0 { members[position(of: piece)].lost() }
        }
    }

    private mutating func divide() {
        plant()
        (owners, seconds) = ([], [])
        members = ([id] + rivals).map { CrowdMember(id: $0) }
        let blocks = (pieceCount + (1 << blockSizeLog2) - 1) >> blockSizeLog2
        if rivals.isEmpty {
            members[0].blocks = Array(0..<blocks)
        } else {
            let partMax = (blocks + members.count - 1) / members.count
            owners.reserveCapacity(blocks)
            seconds.reserveCapacity(blocks)
            for block in 0..<blocks {
                let (owner, second) = Crowd.heaviest(of: members, for: block, partMax)
                members[owner].blocks.append(block)
                owners.append(UInt16(owner))
                seconds.append(UInt16(second))
            }
        }
        for position in members.indices { members[position].begin(among: blocks) }
        own = PieceSet(pieceCount: pieceCount)
        for block in members[0].blocks { own.insert(pieces(of: block)) }
        start = (members[0].blocks.first ?? 0) << blockSizeLog2
        for piece in 0..<pieceCount where count(of: piece) == 0 { members[position(of: piece)].left += 1 }
    }

    /// The members of the highest weights for a block, as positions: of those whose part is not full, and of all others.
    private static func heaviest(of members: [CrowdMember], for block: Int, _ partMax: Int) -> (owner: Int, second: Int)
    {
        var owner = (member: 0, weight: UInt64(0))
        var (first, next) = (owner, owner)
        for member in members.indices {
            let weight = weight(of: block, for: members[member].key)
            if weight >= first.weight {
                (first, next) = ((member, weight), first)
            } else if weight >= next.weight {
                next = (member, weight)
            }
            if members[member].blocks.count < partMax, weight >= owner.weight { owner = (member, weight) }
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
