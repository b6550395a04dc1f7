import Content
import FoundationEssentials
import GRDB

/// A peer that is refused for a while.
public struct BanRecord: Hashable, Sendable {
    public let peer: PeerID
    /// As it was seen.
    public let address: String
    /// For people.
    public let reason: String
    /// Seconds since 1970.
    public let until: Int64

    public init(peer: PeerID, address: String, reason: String, until: Int64) {
        self.peer = peer
        self.address = address
        self.reason = reason
        self.until = until
    }
}

/// The peers that are refused.
extension StateDatabase {
    /// The bans that hold at `now`, in seconds since 1970; the others are removed.
    public func bans(now: Int64) throws(StateDatabaseError) -> [BanRecord] {
        try transaction("read the bans in") { database in
            try database.execute(sql: "DELETE FROM bans WHERE until <= ?", arguments: [now])
            let statement = try database.cachedStatement(
                sql: "SELECT peer, address, reason, until FROM bans ORDER BY until, peer")
            var bans: [BanRecord] = []
            let rows = try Row.fetchCursor(statement)
            while let row = try rows.next() {
                guard let peer = PeerID(bytes: try row.bytes(0)) else { continue }
                bans.append(
                    BanRecord(peer: peer, address: try row.text(1), reason: try row.text(2), until: try row.integer(3)))
            }
            return bans
        }
    }

    /// Takes the place of an earlier ban of the same peer.
    public func put(_ ban: BanRecord) throws(StateDatabaseError) {
        try transaction("record a ban in") { database in
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?)")
                .execute(arguments: [Data(ban.peer.bytes), ban.address, ban.reason, ban.until])
        }
    }

    public func removeBan(of peer: PeerID) throws(StateDatabaseError) {
        try transaction("remove a ban from") { database in
            try database.cachedStatement(sql: "DELETE FROM bans WHERE peer = ?").execute(arguments: [Data(peer.bytes)])
        }
    }
}
