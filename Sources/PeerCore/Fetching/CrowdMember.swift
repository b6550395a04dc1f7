import Content

/// One of those that fetch a file, and its part of what only complete holders have.
struct CrowdMember {
    let id: PeerID
    let key: UInt64
    /// In the order in which it fetches them.
    var blocks: [Int] = []
    /// Of these, from the first on; of the others the fetchers that we hear from have every piece.
    var blocksLeft = 0
    /// Pieces of them that none of those fetchers has.
    var left = 0

    init(id: PeerID) {
        self.id = id
        key = id.high ^ id.low
    }

    /// Each begins at another place: while they do not know of each other, they ask for different pieces.
    mutating func begin(among count: Int) {
        guard count > 0 else { return }
        let start = Int(key % UInt64(count))
        blocks = blocks.filter { $0 >= start } + blocks.filter { $0 < start }
        blocksLeft = blocks.count
    }

    /// Nobody has one of the pieces any more.
    mutating func lost() {
        left += 1
        blocksLeft = blocks.count
    }
}
