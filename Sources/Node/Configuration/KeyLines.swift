/// The lines on which a TOML text's top-level keys begin: the parser does not say, and a message must.
///
/// Of valid TOML (https://toml.io/en/v1.0.0) only strings, comments and brackets have to be stepped over, so that what
/// looks like a key inside of them is not taken for one. What is right up to some place is followed up to there.
struct KeyLines {
    /// The first mistake of a kind at which the parser would end the program, with its line.
    private(set) var flaw: (line: Int, reason: String)?
    private var lines: [String: Int] = [:]
    private var rest: Substring.UTF8View
    private var line = 1
    private var isInTable = false

    init(_ text: String) {
        rest = Substring(text).utf8
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest.removeFirst(3) }
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
            // One bracket, or two for an array of tables.
            for _ in 0..<2 where rest.first == first {
                rest.removeFirst()
                skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            }
            if !isAtKey { note("behind [ belongs the name of a table") }
            record(readKey())
            isInTable = true
        default:
            let key = readKey()
            if !isInTable { record(key) }
        }
        skipStatement()
    }

    private mutating func note(_ reason: String) {
        if flaw == nil { flaw = (line, reason) }
    }

    private mutating func record(_ key: String) {
        if lines[key] == nil { lines[key] = line }
    }

    private var isAtKey: Bool { rest.first.map { KeyLines.isQuote($0) || KeyLines.isBare($0) } ?? false }

    private mutating func readKey() -> String {
        guard let quote = rest.first, KeyLines.isQuote(quote) else { return take(while: KeyLines.isBare) }
        rest.removeFirst()
        defer { rest = rest.dropFirst() }
        return take { $0 != quote && $0 != UInt8(ascii: "\n") }
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    /// What a key may have without quotes.
    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// To the end of the line on which the brackets are closed.
    private mutating func skipStatement() {
        var open: [UInt8] = []
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                skipString(byte)
                continue
            case UInt8(ascii: "#"):
                skip { $0 != UInt8(ascii: "\n") }
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): open.append(byte)
            case UInt8(ascii: "]"): if open.popLast() == UInt8(ascii: "{") { note("a ] where a } belongs") }
            case UInt8(ascii: "}"): if open.popLast() == UInt8(ascii: "[") { note("a } where a ] belongs") }
            case UInt8(ascii: "\n"): line += 1
            default: break
            }
            rest.removeFirst()
            if byte == UInt8(ascii: "\n"), open.isEmpty { return }
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
