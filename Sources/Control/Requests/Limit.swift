import Content

/// Parameters of `limit`: how fast this peer may send and receive from now on.
public struct LimitParams: Equatable, Sendable {
    /// What becomes of a limit.
    public enum Change: Equatable, Sendable {
        case keep
        case unlimited
        case rate(ByteRate)
    }

    public let upload: Change
    public let download: Change

    public init(upload: Change = .keep, download: Change = .keep) {
        self.upload = upload
        self.download = download
    }
}

extension LimitParams.Change {
    /// Reads `50M` or `none`.
    public init(typed text: String) throws(ByteRateError) {
        self = try ByteRate.parse(text).map { .rate($0) } ?? .unlimited
    }

    fileprivate var text: String? {
        switch self {
        case .keep: nil
        case .unlimited: "none"
        case .rate(let rate): rate.description
        }
    }
}

extension LimitParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case upload, download
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        upload = try LimitParams.change(fields, .upload)
        download = try LimitParams.change(fields, .download)
    }

    private static func change(_ fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys) throws -> Change {
        guard let text = try fields.decodeIfPresent(String.self, forKey: key) else { return .keep }
        do throws(ByteRateError) { return try Change(typed: text) } catch { throw fields.wrong(key, error.reason) }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(upload.text, forKey: .upload)
        try fields.encodeIfPresent(download.text, forKey: .download)
    }
}

/// The reply to `limit`: the limits that are in force, in bytes a second. Null is no limit.
public struct LimitReply: Codable, Equatable, Sendable {
    public let upload: UInt64?
    public let download: UInt64?

    public init(upload: UInt64?, download: UInt64?) {
        self.upload = upload
        self.download = download
    }

    /// Both keys are always there, so that no limit is said and not left to be guessed.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(upload, forKey: .upload)
        try fields.encode(download, forKey: .download)
    }
}
