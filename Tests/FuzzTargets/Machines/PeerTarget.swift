import Content
import PeerCore

/// A peer among peers that say anything at any time, workers that are slow and fail, and clients that change their minds.
///
/// `PeerWorld` holds it to its contract with each effect; after each step its tables must be within their caps, and at
/// the end no request may be left without an answer.
enum PeerTarget {
    static func run(_ input: [UInt8]) throws {
        var world = try PeerWorld(input)
        try world.restore()
        try world.feed(.wake)
        while !world.choices.isEmpty, !world.isOver {
            try world.step()
            try check(world)
        }
        try settle(&world)
        if !world.isOver { try world.feed(.leave) }
        try require(world.isOver, "it does not leave")
    }

    /// Every worker brings what it owes; nothing may go on waiting for one after that.
    private static func settle(_ world: inout PeerWorld) throws {
        for _ in 0..<10_000 where !world.owed.isEmpty && !world.isOver { try world.work() }
        try require(world.owed.isEmpty || world.isOver, "the workers are never done")
        let stuck = world.machine.downloadStatuses.first { $0.state == .checking || $0.state == .finishing }
        try require(stuck == nil || world.isOver, "it waits for a worker: \(stuck.map { "\($0)" } ?? "")")
    }

    private static func check(_ world: borrowing PeerWorld) throws {
        let sessions = world.machine.sessionCount
        try require(
            sessions <= world.connections.count, "\(sessions) sessions of \(world.connections.count) connections")
        let statuses = world.machine.downloadStatuses
        // Children of a tree come on top of what clients may ask for.
        try require(statuses.count <= 5 + 8, "\(statuses.count) downloads")
        for status in statuses {
            try require(status.prefix <= status.length || status.length == 0, "\(status) has a prefix beyond its end")
        }
        try require(world.machine.currentBans.count <= 2, "\(world.machine.currentBans.count) bans")
    }
}
