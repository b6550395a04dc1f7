/// What a client asks of the daemon: a method with its parameters.
public enum ControlCall: Equatable, Sendable {
    case req(ReqParams)
    case wait(WaitParams)
    case cancel(CancelParams)
    case pause(DownloadChoice)
    case resume(DownloadChoice)
    case priority(PriorityParams)
    case downloads
    case who(WhoParams)
    case verify(VerifyParams)
    case files(FilesParams)
    case peers
    case bans
    case lift(BanChoice)
    case limit(LimitParams)
    case status
    case left

    /// The JSON-RPC method's name.
    public var method: Method {
        switch self {
        case .req: .req
        case .wait: .wait
        case .cancel: .cancel
        case .pause: .pause
        case .resume: .resume
        case .priority: .priority
        case .downloads: .downloads
        case .who: .who
        case .verify: .verify
        case .files: .files
        case .peers: .peers
        case .bans: .bans
        case .lift: .lift
        case .limit: .limit
        case .status: .status
        case .left: .left
        }
    }

    /// The methods there are.
    public enum Method: String, CaseIterable, Codable, Sendable {
        case req, wait, cancel, pause, resume, priority, downloads, who, verify, files, peers, bans, lift, limit
        case status, left
    }
}

extension ControlCall {
    /// - Parameter params: a request's `params`, which may not be there.
    init<Key: CodingKey>(_ method: Method, from params: Params<Key>) throws {
        switch method {
        case .req: self = .req(try params.required())
        case .wait: self = .wait(try params.required())
        case .cancel: self = .cancel(try params.required())
        case .pause: self = .pause(try params.required())
        case .resume: self = .resume(try params.required())
        case .priority: self = .priority(try params.required())
        case .who: self = .who(try params.required())
        case .lift: self = .lift(try params.required())
        case .verify: self = .verify(try params.optional() ?? VerifyParams())
        case .files: self = .files(try params.optional() ?? FilesParams())
        case .limit: self = .limit(try params.optional() ?? LimitParams())
        case .downloads: self = try params.none(.downloads)
        case .peers: self = try params.none(.peers)
        case .bans: self = try params.none(.bans)
        case .status: self = try params.none(.status)
        case .left: self = try params.none(.left)
        }
    }

    /// Nil for the methods that take none.
    var params: (any Encodable)? {
        switch self {
        case .req(let params): params
        case .wait(let params): params
        case .cancel(let params): params
        case .pause(let params), .resume(let params): params
        case .priority(let params): params
        case .who(let params): params
        case .verify(let params): params
        case .files(let params): params
        case .lift(let params): params
        case .limit(let params): params
        case .downloads, .peers, .bans, .status, .left: nil
        }
    }
}

/// The `params` of a request, before the method says what they must be.
struct Params<Key: CodingKey> {
    let fields: KeyedDecodingContainer<Key>
    let key: Key

    func required<Value: Decodable>() throws -> Value { try fields.decode(Value.self, forKey: key) }
    func optional<Value: Decodable>() throws -> Value? { try fields.decodeIfPresent(Value.self, forKey: key) }

    func none(_ call: ControlCall) throws -> ControlCall {
        let _: NoParams? = try optional()
        return call
    }
}
