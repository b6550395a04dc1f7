import Content
import PeerCore
import Wire

/// A holder of a file of any length, and what it sends as the file's piece digests.
enum LayerTarget {
    static func run(_ input: [UInt8]) throws {
        var world = try PeerWorld(input)
        let length = world.choices.integer(UInt64.self) % (PieceLayout.maxLength + 1)
        let digest = Digest(bytes: [UInt8](repeating: world.choices.byte(), count: Digest.byteCount)) ?? .zero
        let root = FileRoot(digest: digest, length: length)
        guard let holder = try ask(&world, for: root) else { return }
        let pieceCount = PieceLayout(length: length)?.pieceCount ?? 0
        while !world.choices.isEmpty, world[holder] != nil, pieceCount > 0 {
            let first = Int(world.choices.integer(UInt32.self)) % pieceCount
            let asked = world[holder]?.pages.first?.range ?? first..<first + 1
            // Mostly what was asked for, or little else.
            let (start, count) = world.choices.below(4) < 3 ? (asked.lowerBound, asked.count) : (first, 1)
            let page = [Digest](repeating: digest, count: min(count, pieceCount - start, WireLimits.digestsPerFrameMax))
            world.change(holder) { if !$0.pages.isEmpty { $0.pages.removeFirst() } }
            try world.say(.hashes(root, first: start, page), on: holder)
            try world.work()
        }
    }

    /// A peer that has joined, asked for a file, and been offered it.
    private static func ask(_ world: inout PeerWorld, for root: FileRoot) throws -> ConnectionID? {
        try world.feed(.wake)
        try world.feed(.dialed(world.dials.removeFirst(), world.connect(nil)))
        try world.greet()
        let wish = FetchWish(name: try ShareName("a"), timeout: .seconds(100))
        try world.feed(.wish(world.newRequest(), wish))
        while !world.owed.isEmpty { try world.feed(world.owed.removeFirst()) }
        guard let dial = world.dials.first, case .peer(let peer, _) = dial else { return nil }
        world.dials.removeFirst()
        let holder = world.connect(peer.low)
        try world.feed(.dialed(dial, holder))
        try world.greet()
        for _ in 0..<8 where world[holder]?.questions.isEmpty == true { try world.pass(.milliseconds(250)) }
        guard let question = world[holder]?.questions.first,
            let offer = FileOffer(root: root, modified: 1, name: try ShareName("a"))
        else { return nil }
        try world.say(.have(request: question.number, offer), on: holder)
        while !world.dials.isEmpty { try world.feed(.dialFailed(world.dials.removeFirst(), reason: "refused")) }
        try world.pass(.seconds(4))
        return holder
    }
}
