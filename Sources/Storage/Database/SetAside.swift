import Posix

/// A database that could not be used and was kept under another name, and with it the partial files that it tells of.
public struct SetAside: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// Its content makes no sense, with what was found.
        case corrupt(String)
        /// A later release of p2pd made it.
        case newer(version: Int64)

        var word: String {
            switch self {
            case .corrupt: "corrupt"
            case .newer: "newer"
            }
        }
    }

    /// Where it stood.
    public let original: String
    /// Where it is now.
    public let path: String
    /// The directory where the partial files are now; nil if there were none.
    public let partials: String?
    public let reason: Reason

    /// SQLite's own files beside a database; together with it they are what was last committed.
    private static let companions = ["-wal", "-shm", "-journal"]

    /// Moves a database and what belongs to it to a name that nothing stands at.
    /// - Parameter now: seconds since 1970.
    init(
        _ name: String, in directory: Directory, with partials: PartialStore?, because reason: Reason, now: Int64
    ) throws(SystemError) {
        let suffix = "\(reason.word)-\(WallClock.stamp(now))"
        let free = try SetAside.freeName("\(name).\(suffix)", in: directory)
        // Before the database: should the daemon die in between, the next one must not find partial files that a new
        // database knows nothing of.
        self.partials = try partials?.setAside(suffix)
        // The database first: should the daemon die between two renames, the log that is left alone is set aside too,
        // whereas a database without its log could be taken for a sound one.
        for companion in [""] + SetAside.companions where try directory.entry(name + companion) != nil {
            try directory.rename(name + companion, to: directory, as: free + companion, replacing: false)
        }
        try directory.sync()
        original = "\(directory.path)/\(name)"
        path = "\(directory.path)/\(free)"
        self.reason = reason
    }

    private static func freeName(_ wanted: String, in directory: Directory) throws(SystemError) -> String {
        var (name, number) = (wanted, 1)
        while try isTaken(name, in: directory) {
            number += 1
            name = "\(wanted)-\(number)"
        }
        return name
    }

    private static func isTaken(_ name: String, in directory: Directory) throws(SystemError) -> Bool {
        for companion in [""] + companions where try directory.entry(name + companion) != nil { return true }
        return false
    }
}

extension SetAside: CustomStringConvertible {
    /// A sentence for the log.
    public var description: String {
        let why =
            switch reason {
            case .corrupt(let finding): "is damaged (\(finding))"
            case .newer(let version): "was made by a newer p2pd (version \(version) of its tables)"
            }
        let kept = partials.map { "; what had come of them was kept in \($0)" } ?? ""
        return
            "the database \(original) \(why) and was kept as \(path); a new one was made, so the share is hashed again "
            + "and downloads that were not finished have to be requested again\(kept). \(advice)"
    }

    private var advice: String {
        switch reason {
        case .corrupt: "What was kept is not used any more and may be deleted"
        case .newer:
            "Whoever goes back to the newer p2pd puts back what was kept under its old name while no daemon runs; else it "
                + "may be deleted"
        }
    }
}
