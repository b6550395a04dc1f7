/// Bytes a second: at least one, at most `max`. Where there may be no limit, nil stands for it.
public struct ByteRate: Hashable, Sendable {
    public let bytesPerSecond: UInt64

    /// A pebibyte a second, which nothing reaches: it bounds the arithmetic.
    public static let max: UInt64 = 1 << 50

    /// - Returns: nil for 0, and above `max`.
    public init?(bytesPerSecond: UInt64) {
        guard (1...ByteRate.max).contains(bytesPerSecond) else { return nil }
        self.bytesPerSecond = bytesPerSecond
    }

    /// Powers of 1024, as for sizes everywhere in this program.
    private static let units: [(letter: Character, bytes: UInt64)] = [
        ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40),
    ]
}

extension ByteRate: CustomStringConvertible {
    /// As `parse` reads it, without loss: `50M`, `1.5G`, `1000`.
    public var description: String {
        for (letter, unit) in ByteRate.units.reversed() where bytesPerSecond >= unit {
            // Thousandths of the unit, if that is exact.
            // trap: below `max`, 1 PiB
            let (thousandths, rest) = (bytesPerSecond * 1000).quotientAndRemainder(dividingBy: unit)
            if rest == 0 { return ByteRate.decimal(thousandths) + String(letter) }  // trap: texts
        }
        return String(bytesPerSecond)
    }

    /// The rate, or `none`.
    public static func text(_ rate: ByteRate?) -> String { rate?.description ?? "none" }

    private static func decimal(_ thousandths: UInt64) -> String {
        let (whole, part) = thousandths.quotientAndRemainder(dividingBy: 1000)
        guard part > 0 else { return String(whole) }
        var digits = String(String(1000 + part).dropFirst())  // trap: below 2,000
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

/// Why a text is no rate: `"text" reason` is a sentence.
public struct ByteRateError: Error, Hashable, Sendable {
    public let text: String
    public let reason: String
}

extension ByteRate {
    /// Reads bytes a second: `50M`, `512K`, `1.5G`, `1000`, in powers of 1024, with `B`, `iB` and `/s` after it if one
    /// likes; `0`, `none` and `unlimited` stand for no limit, which is nil.
    public static func parse(_ text: String) throws(ByteRateError) -> ByteRate? {
        guard text != "none", text != "unlimited" else { return nil }
        guard let (number, unit) = split(text) else {
            throw ByteRateError(
                text: text,
                reason: "is not a rate; write bytes a second as in 50M, 512K or 1.5G (powers of 1024), or none")
        }
        if number.utf8.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }) { return nil }
        guard let bytes = product(number, unit), bytes <= max else {
            throw ByteRateError(text: text, reason: "is more than 1024T, the highest rate there can be")
        }
        guard let rate = ByteRate(bytesPerSecond: bytes) else {
            throw ByteRateError(text: text, reason: "is less than a byte a second; write none for no limit")
        }
        return rate
    }

    /// `1.5`, and the bytes of the unit behind it. A small b is refused: to many it means bits.
    private static func split(_ text: String) -> (number: Substring, unit: UInt64)? {
        var rest = text[...]
        if rest.hasSuffix("/s") { rest.removeLast(2) }
        let hasByte = rest.last == "B"
        if hasByte { rest.removeLast() }
        let isBinary = hasByte && rest.last == "i"
        if isBinary { rest.removeLast() }
        let unit = rest.last.flatMap { last in
            units.first { $0.letter == last || $0.letter.lowercased() == String(last) }?.bytes
        }
        if unit != nil { rest.removeLast() }
        if rest.last == " ", unit != nil || hasByte { rest.removeLast() }
        guard unit != nil || !isBinary, isNumber(rest) else { return nil }
        return (rest, unit ?? 1)
    }

    /// Digits, with digits behind a point or without; few enough to be meant.
    private static func isNumber(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 32 && (1...2).contains(parts.count)
            && parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } }
    }

    /// Whole bytes, what is beyond cut off; nil if there are too many to count.
    private static func product(_ number: Substring, _ unit: UInt64) -> UInt64? {
        let parts = number.split(separator: ".")
        guard let whole = parts.first.flatMap({ UInt64($0) }) else { return nil }
        let (bytes, overflow) = whole.multipliedReportingOverflow(by: unit)
        // Nine places say more than a byte of any unit needs, and keep the product within 64 bits.
        let places = parts.count > 1 ? parts[1].prefix(9) : ""
        guard !overflow, bytes <= max, let fraction = UInt64("0" + places) else { return nil }
        let scale = places.reduce(into: UInt64(1)) { scale, _ in scale *= 10 }  // trap: nine places
        return bytes + multiplied(fraction, unit, dividedBy: scale)  // trap: `max` and a unit
    }

    private static func multiplied(_ fraction: UInt64, _ unit: UInt64, dividedBy scale: UInt64) -> UInt64 {
        let product = fraction.multipliedFullWidth(by: unit)
        return scale.dividingFullWidth(product).quotient
    }
}
