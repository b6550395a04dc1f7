/// The lines on which a TOML text's top-level keys begin: the parser does not say, and a message must.
///
/// The text is known to be valid TOML (https://toml.io/en/v1.0.0); only strings, comments and brackets have to be
/// stepped over, so that what looks like a key inside of them is not taken for one.
struct KeyLines {
    private var lines: [String: Int] = [:]
    private var rest: Substring.UTF8View
    private var line = 1
    private var isInTable = false

    init(_ text: String) {
        rest = Substring(text).utf8
        while !rest.isEmpty { readStatement() }
    }

    /// Counted from 1; nil for a key that is not there or is written with escapes.
    subscript(key: String) -> Int? { lines[key] }

    /// A blank line, a comment, `[table]`, or `key = value` with all lines of the value.
    private mutating func readStatement() {
        skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
        guard let first = rest.first else { return }
        switch first {
        case UInt8(ascii: "\n"), UInt8(ascii: "#"): break
        case UInt8(ascii: "["):
            skip { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            record(readKey())
            isInTable = true
        default:
            let key = readKey()
            if !isInTable { record(key) }
        }
        skipStatement()
    }

    private mutating func record(_ key: String) {
        if lines[key] == nil { lines[key] = line }
    }

    private mutating func readKey() -> String {
        if let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            rest.removeFirst()
            defer { rest = rest.dropFirst() }
            return take { $0 != quote && $0 != UInt8(ascii: "\n") }
        }
        return take { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }

    /// To the end of the line on which the brackets are closed.
    private mutating func skipStatement() {
        var depth = 0
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                skipString(byte)
                continue
            case UInt8(ascii: "#"):
                skip { $0 != UInt8(ascii: "\n") }
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\n"): line += 1
            default: break
            }
            rest.removeFirst()
            if byte == UInt8(ascii: "\n"), depth <= 0 { return }
        }
    }

    /// One quote opens a string of one line, three open one of many; two are an empty one.
    private mutating func skipString(_ quote: UInt8) {
        let opening = rest.prefix(3).prefix { $0 == quote }.count
        rest = rest.dropFirst(opening)
        guard opening != 2 else { return }
        while let byte = rest.first {
            if rest.prefix(opening).allSatisfy({ $0 == quote }) { break }
            if byte == UInt8(ascii: "\n") { line += 1 }
            rest = rest.dropFirst(byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") ? 2 : 1)
        }
        // A long string may end in quotes of its own just before the closing three.
        if opening == 3 { skip { $0 == quote } } else { rest = rest.dropFirst() }
    }

    private mutating func skip(while matches: (UInt8) -> Bool) {
        rest = rest.drop(while: matches)
    }

    private mutating func take(while matches: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: matches)
        rest = rest.dropFirst(taken.count)
        return String(decoding: taken, as: UTF8.self)
    }
}
