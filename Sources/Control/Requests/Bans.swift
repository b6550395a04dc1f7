import Content

/// The reply to `bans`: the peers that are refused, for how long and why.
public struct BansReply: Codable, Equatable, Sendable {
    public let bans: [Ban]

    public init(bans: [Ban]) {
        self.bans = bans
    }

    /// One refused peer.
    public struct Ban: Codable, Equatable, Sendable {
        /// 32 hexadecimal digits.
        public let id: String
        /// `address:port`.
        public let address: String
        public let reason: String
        public let secondsLeft: UInt64

        public init(id: String, address: String, reason: String, secondsLeft: UInt64) {
            self.id = id
            self.address = address
            self.reason = reason
            self.secondsLeft = secondsLeft
        }
    }
}

/// Parameters of `lift`: whose ban ends now.
public enum BanChoice: Equatable, Sendable {
    case id(PeerID)
    /// Port 0 stands for every port of that address.
    case address(PeerAddress)
    case all

    /// Reads what people type: an id (32 hexadecimal digits), `192.0.2.1:7001` or `192.0.2.1`.
    public init?(typed text: String) {
        if let id = BanChoice.id(text) {
            self = .id(id)
        } else if let address = BanChoice.address(text) {
            self = .address(address)
        } else {
            return nil
        }
    }

    fileprivate static func id(_ text: String) -> PeerID? {
        text.utf8.count == 2 * PeerID.byteCount ? Hex.decode(text).flatMap { PeerID(bytes: $0) } : nil
    }

    fileprivate static func address(_ text: String) -> PeerAddress? {
        PeerAddress(text) ?? PeerAddress(host: text, port: 0)
    }
}

extension BanChoice: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, address, all
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        let id = try fields.decodeIfPresent(String.self, forKey: .id)
        let address = try fields.decodeIfPresent(String.self, forKey: .address)
        let isAll = try fields.decodeIfPresent(Bool.self, forKey: .all) ?? false
        switch (id, address, isAll) {
        case (let text?, nil, false):
            guard let id = BanChoice.id(text) else { throw fields.wrong(.id, "must be 32 hexadecimal digits") }
            self = .id(id)
        case (nil, let text?, false):
            guard let address = BanChoice.address(text) else {
                throw fields.wrong(.address, "must be an IP address, with a port or without")
            }
            self = .address(address)
        case (nil, nil, true): self = .all
        case (_, _, _): throw fields.wrong(.id, "or `address`, or `all` as true, must be given, and one of them only")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .id(let id): try fields.encode(id.hex, forKey: .id)
        case .address(let address):
            try fields.encode(address.port == 0 ? address.host : address.description, forKey: .address)
        case .all: try fields.encode(true, forKey: .all)
        }
    }
}

/// The reply to `lift`.
public struct LiftReply: Codable, Equatable, Sendable {
    /// Bans that ended.
    public let lifted: Int

    public init(lifted: Int) {
        self.lifted = lifted
    }
}
