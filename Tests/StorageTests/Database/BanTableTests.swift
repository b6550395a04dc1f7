import Content
import Testing

@testable import Storage

struct BanTableTests {
    private let scratch: Scratch
    private let database: StateDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.reopen()
    }

    private func ban(_ number: UInt64, until: Int64) -> BanRecord {
        BanRecord(
            peer: PeerID(high: number, low: ~number), address: "192.0.2.\(number):7001", reason: "sent wrong pieces",
            until: until)
    }

    @Test("A ban holds until its time is over, also after the database was opened anew")
    func expires() throws {
        let bans = [ban(1, until: 100), ban(2, until: 200)]
        for ban in bans.reversed() { try database.put(ban) }
        #expect(try database.bans(now: 99) == bans)
        try database.close()
        let again = try scratch.reopen()
        #expect(try again.bans(now: 100) == [bans[1]])
        // It was removed, not only left out.
        #expect(try again.bans(now: 0) == [bans[1]])
        #expect(try again.bans(now: .max).isEmpty)
    }

    @Test("A peer has one ban, the last")
    func replaces() throws {
        try database.put(ban(1, until: 100))
        try database.put(ban(1, until: 300))
        #expect(try database.bans(now: 0) == [ban(1, until: 300)])
    }

    @Test("A lifted ban is gone, and the others stay")
    func lifts() throws {
        for number in [1, 2] as [UInt64] { try database.put(ban(number, until: 100)) }
        try database.removeBan(of: ban(1, until: 0).peer)
        try database.removeBan(of: PeerID(high: 9, low: 9))
        #expect(try database.bans(now: 0) == [ban(2, until: 100)])
    }
}
