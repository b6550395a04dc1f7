import Content

/// Any name of a field, to find those that nobody knows.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// The fields of an object that may have these and no others: a misspelt one is an error, not silence.
    func onlyFields<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Key.allCases.map(\.stringValue)
        let given = try container(keyedBy: AnyKey.self)
        if let unknown = given.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) {
            let allowed = known.isEmpty ? "there are none" : "known: " + known.joined(separator: ", ")
            throw given.wrong(AnyKey(stringValue: unknown), "is not a parameter of this method (\(allowed))")
        }
        return try container(keyedBy: Key.self)
    }
}

extension KeyedDecodingContainer {
    func wrong(_ key: Key, _ why: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: self, debugDescription: why)
    }

    func decodeShareName(_ key: Key) throws -> ShareName {
        let text = try decode(String.self, forKey: key)
        do { return try ShareName(text) } catch { throw wrong(key, "is no name of a shared file: \(error)") }
    }

    func decodeShareNameIfPresent(_ key: Key) throws -> ShareName? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        return try decodeShareName(key)
    }

    func decodeTypedName(_ key: Key) throws -> TypedName {
        let text = try decode(String.self, forKey: key)
        do { return try TypedName(text) } catch {
            throw wrong(key, "is \(Quoted.text(text)), which is no name of a shared file or directory")
        }
    }

    func decodeTypedNameIfPresent(_ key: Key) throws -> TypedName? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        return try decodeTypedName(key)
    }

    func decodeNumberIfPresent(_ key: Key) throws -> Double? {
        do {
            return try decodeIfPresent(Double.self, forKey: key)
        } catch let error as DecodingError {
            throw error
        } catch {
            // FoundationEssentials lets an error of its own through for a number like 1e999.
            throw wrong(key, "is too large a number")
        }
    }

    func decodeIntegerIfPresent(_ key: Key, in range: ClosedRange<Int>) throws -> Int? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        guard let number = try? decode(Int.self, forKey: key), range.contains(number) else {
            throw wrong(key, "must be a whole number, \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of the words that an enumeration knows.
    func decodeWordIfPresent<Word: RawRepresentable<String> & CaseIterable>(_ key: Key) throws -> Word? {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw wrong(key, "must be one of: " + Word.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return word
    }

    func decodeDigestIfPresent(_ key: Key) throws -> Digest? {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let digest = Digest(hex: text) else { throw wrong(key, "must be 64 hexadecimal digits") }
        return digest
    }
}

extension DecodingError {
    /// What is wrong, in words: which field, and what it should have been.
    var explanation: String {
        switch self {
        case .keyNotFound(let key, _): "`\(key.short)` is missing"
        case .valueNotFound(let type, let context): "\(context.place) must be \(DecodingError.name(of: type)), not null"
        case .typeMismatch(let type, let context): "\(context.place) must be \(DecodingError.name(of: type))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "it is not JSON" : "\(context.place) \(context.debugDescription)"
        @unknown default: "the message cannot be read"
        }
    }

    private static func name(of type: any Any.Type) -> String {
        if type == String.self { return "a string" }
        if type == Bool.self { return "true or false" }
        if type == Int.self { return "a whole number" }
        if type == Double.self { return "a number" }
        return type is any RangeReplaceableCollection.Type ? "an array" : "an object"
    }
}

extension DecodingError.Context {
    fileprivate var place: String { codingPath.last.map { "`\($0.short)`" } ?? "the message" }
}

extension CodingKey {
    fileprivate var short: String { Quoted.text(stringValue) }
}

/// A client's own words, safe and short enough to stand in an answer.
enum Quoted {
    private static let maxScalars = 32

    static func text(_ text: String) -> String {
        let head = text.unicodeScalars.prefix(maxScalars)
        return TerminalText.escape(String(head)) + (head.endIndex < text.endIndex ? "…" : "")  // trap: texts
    }
}
