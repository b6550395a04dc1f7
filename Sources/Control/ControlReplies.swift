/// How many bytes came from one holder.
public struct HolderBytes: Codable, Equatable, Sendable {
    /// `address:port`.
    public let address: String
    /// Verified bytes fetched since this daemon started.
    public let bytes: UInt64

    public init(address: String, bytes: UInt64) {
        self.address = address
        self.bytes = bytes
    }
}

/// The reply to `peers`: the roster as this peer has it.
public struct PeersReply: Codable, Equatable, Sendable {
    public let peers: [Peer]
    /// Counts the roster's changes, as told by the manager.
    public let epoch: UInt64

    public init(peers: [Peer], epoch: UInt64) {
        self.peers = peers
        self.epoch = epoch
    }

    /// One active peer.
    public struct Peer: Codable, Equatable, Sendable {
        /// `address:port`.
        public let address: String
        /// 32 hexadecimal digits.
        public let id: String
        /// What its owner calls it; may be empty. Comes from another machine, unescaped.
        public let label: String

        public init(address: String, id: String, label: String) {
            self.address = address
            self.id = id
            self.label = label
        }
    }
}

/// The reply to `files`: a page of the share.
public struct FilesReply: Codable, Equatable, Sendable {
    /// In the order of their names' bytes.
    public let files: [File]
    /// There are files after the last of these.
    public let more: Bool

    public init(files: [File], more: Bool) {
        self.files = files
        self.more = more
    }

    /// One file of the share.
    public struct File: Codable, Equatable, Sendable {
        /// What cannot be a name is shown escaped, and comes last.
        public let name: String
        /// Bytes; 0 if that is not known.
        public let length: UInt64
        /// 64 hexadecimal digits; nil for what is not offered.
        public let root: String?
        /// Seconds since 1970; 0 if that is not known.
        public let modified: Int64
        public let state: FileState
        /// Why it is in that state, if there is more to say.
        public let cause: String?

        public init(
            name: String, length: UInt64, root: String?, modified: Int64, state: FileState = .ready,
            cause: String? = nil
        ) {
            self.name = name
            self.length = length
            self.root = root
            self.modified = modified
            self.state = state
            self.cause = cause
        }
    }
}

/// How far a file of the share is.
public enum FileState: String, CaseIterable, Codable, Sendable {
    /// New, and not hashed to the end.
    case indexing
    /// Offered.
    case ready
    /// Not what it was, and waiting until nobody writes to it, or to be hashed again.
    case changed
    case error
}

/// The reply to `left`: the daemon is on its way out. An empty object.
public struct LeftReply: Codable, Equatable, Sendable {
    public init() {}
}

extension Double {
    /// Rounded to thousandths; 0 if this is no finite number, which JSON could not carry.
    var toMilliseconds: Double { isFinite ? (self * 1000).rounded() / 1000 : 0 }
}
