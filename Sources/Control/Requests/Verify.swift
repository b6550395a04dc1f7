import Content

/// Parameters of `verify`: hash shared files again and compare.
public struct VerifyParams: Equatable, Sendable {
    /// Names in one request.
    public static let maxNames = 1000

    /// At most `maxNames`; none stands for every shared file, and a directory for all below it.
    public let names: [TypedName]
    /// Fetch the pieces of rotten files from others.
    public let repair: Bool

    public init(names: [TypedName] = [], repair: Bool = false) {
        self.names = names
        self.repair = repair
    }
}

extension VerifyParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case names, repair
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        names = try VerifyParams.names(fields)
        repair = try fields.decodeIfPresent(Bool.self, forKey: .repair) ?? false
    }

    private static func names(_ fields: KeyedDecodingContainer<CodingKeys>) throws -> [TypedName] {
        guard let texts = try fields.decodeIfPresent([String].self, forKey: .names) else { return [] }
        guard (1...maxNames).contains(texts.count) else {
            throw fields.wrong(.names, "must be 1 to \(maxNames) names; without it every shared file is verified")
        }
        return try texts.map { text in
            do { return try TypedName(text) } catch {
                throw fields.wrong(.names, "has \(Quoted.text(text)), which is no name of a shared file or directory")
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        if !names.isEmpty { try fields.encode(names.map(\.text), forKey: .names) }
        try fields.encode(repair, forKey: .repair)
    }
}

/// What became of one file of a `verify`.
public struct VerifiedEvent: Codable, Equatable, Sendable {
    public enum Result: String, CaseIterable, Codable, Sendable {
        case ok
        /// Other bytes than were indexed, though nobody changed the file: it is not offered any more.
        case rotten
        /// Changed since it was indexed; it is indexed again.
        case changed
        /// It is being indexed already, so that there is nothing to compare it with.
        case indexing
        /// Not in the share.
        case missing
        /// It could not be read.
        case error
        /// It was rotten; its bad pieces came from others.
        case repaired
    }

    public let name: String
    public let result: Result
    public let badPieces: Int?
    /// What is wrong, in words.
    public let message: String?

    public init(name: String, result: Result, badPieces: Int? = nil, message: String? = nil) {
        self.name = name
        self.result = result
        self.badPieces = badPieces
        self.message = message
    }
}

/// The reply to `verify`: the files by what became of them.
public struct VerifyReply: Codable, Equatable, Sendable {
    /// All of them.
    public let files: Int
    /// Bytes hashed.
    public let bytes: UInt64
    public let ok: Int
    /// Rotten, and not repaired.
    public let rotten: Int
    public let repaired: Int
    public let changed: Int
    public let indexing: Int
    /// Missing, or not to be read.
    public let errors: Int

    public init(
        files: Int, bytes: UInt64, ok: Int, rotten: Int, repaired: Int, changed: Int, indexing: Int, errors: Int
    ) {
        self.files = files
        self.bytes = bytes
        self.ok = ok
        self.rotten = rotten
        self.repaired = repaired
        self.changed = changed
        self.indexing = indexing
        self.errors = errors
    }

    /// The counts of two requests together.
    public static func + (left: VerifyReply, right: VerifyReply) -> VerifyReply {
        VerifyReply(
            files: left.files &+ right.files, bytes: left.bytes &+ right.bytes, ok: left.ok &+ right.ok,
            rotten: left.rotten &+ right.rotten, repaired: left.repaired &+ right.repaired,
            changed: left.changed &+ right.changed, indexing: left.indexing &+ right.indexing,
            errors: left.errors &+ right.errors)
    }

    public static let none = VerifyReply(
        files: 0, bytes: 0, ok: 0, rotten: 0, repaired: 0, changed: 0, indexing: 0, errors: 0)

    /// What `p2pctl verify` exits with: rot matters more than what could not be read.
    public var exit: ExitCode {
        if rotten > 0 { return .integrity }
        return errors > 0 ? .disk : .done
    }
}
