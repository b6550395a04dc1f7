import Foundation

/// A JSON value that is asked for what it should hold; what is not there is nil.
struct JSON {
    private let value: Any?

    private init(_ value: Any?) {
        self.value = value
    }

    /// - Returns: nil unless `text` is an object or an array.
    init?(parsing text: some StringProtocol) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else { return nil }
        self.value = value
    }

    subscript(key: String) -> JSON { JSON((value as? [String: Any])?[key]) }

    var string: String? { value as? String }
    var int: Int? { (value as? NSNumber)?.intValue }
    var double: Double? { (value as? NSNumber)?.doubleValue }
    var bool: Bool? { value as? Bool }
    var array: [JSON] { (value as? [Any] ?? []).map(JSON.init) }
}
