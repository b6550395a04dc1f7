/// What the daemon tells a client while its request runs: a JSON-RPC notification, whose parameters are the event's
/// fields and `request`, the id of the request it belongs to.
public struct ControlNotification: Equatable, Sendable {
    public let request: ControlID
    public let event: ControlEvent

    public init(request: ControlID, event: ControlEvent) {
        self.request = request
        self.event = event
    }
}

/// Something that happened to a request.
public enum ControlEvent: Equatable, Sendable {
    case found(FoundEvent)
    case progress(ProgressEvent)
    case ready(ReadyEvent)
    case verified(VerifiedEvent)

    /// The notification's method.
    public var kind: Kind {
        switch self {
        case .found: .found
        case .progress: .progress
        case .ready: .ready
        case .verified: .verified
        }
    }

    /// The events there are.
    public enum Kind: String, CaseIterable, Codable, Sendable {
        case found, progress, ready, verified
    }
}

/// The version to fetch is settled.
public struct FoundEvent: Codable, Equatable, Sendable {
    public var name: String
    /// 64 hexadecimal digits.
    public let root: String
    /// Bytes.
    public let length: UInt64
    /// Addresses of the holders known so far.
    public let holders: [String]

    public init(name: String, root: String, length: UInt64, holders: [String]) {
        self.name = name
        self.root = root
        self.length = length
        self.holders = holders
    }
}

/// How far a download is.
public struct ProgressEvent: Codable, Equatable, Sendable {
    public var name: String
    public let state: DownloadState
    /// Verified bytes.
    public let have: UInt64
    /// Bytes; 0 while asking.
    public let length: UInt64
    /// To the thousandth.
    public let bytesPerSecond: Double
    /// Holders that data is being fetched from.
    public let holders: Int
    /// What has to happen before it goes on, when it waits or is paused.
    public let waitingFor: String?

    public init(
        name: String, state: DownloadState, have: UInt64, length: UInt64, bytesPerSecond: Double, holders: Int,
        waitingFor: String? = nil
    ) {
        self.name = name
        self.state = state
        self.have = have
        self.length = length
        self.bytesPerSecond = bytesPerSecond.toMilliseconds
        self.holders = holders
        self.waitingFor = waitingFor
    }
}

/// The beginning of a file that is being fetched can be read.
public struct ReadyEvent: Codable, Equatable, Sendable {
    /// Where the bytes are, for a process on the daemon's machine: absolute. A descriptor opened here stays good when
    /// the file moves into the share.
    public let path: String
    /// From the start of the file: verified, and not written again.
    public let bytes: UInt64
    /// Who reads the file, and then finds this as its time of modification, in nanoseconds since 1970, has read what was
    /// verified. Another time is there while the daemon writes, and when somebody else has written.
    public let seal: Int64

    public init(path: String, bytes: UInt64, seal: Int64) {
        self.path = path
        self.bytes = bytes
        self.seal = seal
    }
}

extension ControlEvent: Encodable {
    /// The event's own fields, flat.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .found(let event): try event.encode(to: encoder)
        case .progress(let event): try event.encode(to: encoder)
        case .ready(let event): try event.encode(to: encoder)
        case .verified(let event): try event.encode(to: encoder)
        }
    }

    init(_ kind: Kind, from decoder: any Decoder) throws {
        switch kind {
        case .found: self = .found(try FoundEvent(from: decoder))
        case .progress: self = .progress(try ProgressEvent(from: decoder))
        case .ready: self = .ready(try ReadyEvent(from: decoder))
        case .verified: self = .verified(try VerifiedEvent(from: decoder))
        }
    }
}
