import GRDB

/// Why the database could not be used.
public struct StateDatabaseError: Error, Hashable, Sendable {
    public enum Cause: Hashable, Sendable {
        /// The disk is full, or the user's share of it.
        case outOfSpace
        /// The file's content makes no sense.
        case corrupt
        /// A disk that fails, a missing permission, another program that keeps the file to itself.
        case other
    }

    /// What was attempted, for a sentence with the path after it.
    public let operation: String
    public let path: String
    /// In SQLite's words.
    public let reason: String
    public let cause: Cause

    public init(_ operation: String, _ path: String, reason: String, cause: Cause) {
        self.operation = operation
        self.path = path
        self.reason = reason
        self.cause = cause
    }

    init(_ operation: String, _ path: String, _ error: any Error) {
        guard let error = error as? DatabaseError else {
            // Nothing but a value of another type than its column's, which a sound database cannot hold.
            self.init(operation, path, reason: "\(error)", cause: .corrupt)
            return
        }
        let text = "\(error.message ?? "unknown error") (SQLite error \(error.extendedResultCode.rawValue))"
        self.init(operation, path, reason: text, cause: StateDatabaseError.cause(of: error.resultCode))
    }

    /// Source: https://www.sqlite.org/rescode.html
    private static func cause(of code: ResultCode) -> Cause {
        switch code {
        case .SQLITE_FULL: .outOfSpace
        // The statements are right, or no test would pass: then the file is of a format or has tables that are none.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR: .corrupt
        default: .other
        }
    }
}

extension StateDatabaseError: CustomStringConvertible {
    public var description: String {
        let advice =
            switch cause {
            case .outOfSpace: "; free some space"
            case .corrupt: "; at its next start the daemon sets the file aside and makes a new one"
            case .other: ""
            }
        return "\(operation) \(path): \(reason)\(advice)"
    }
}
