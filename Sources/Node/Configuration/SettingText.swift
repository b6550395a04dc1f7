import Content
import Logging

/// How the texts of settings are read, whichever source they come from.
enum SettingText {
    static func toggle(_ text: String) throws(SettingProblem) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: throw SettingProblem(text, "is neither true nor false")
        }
    }

    static func integer(
        _ range: ClosedRange<Int>, of what: String
    ) -> @Sendable (String) throws(SettingProblem) -> Int {
        { (text: String) throws(SettingProblem) -> Int in
            guard let number = decimal(text), range.contains(number) else {
                let bounds = "\(range.lowerBound) to \(range.upperBound)"
                throw SettingProblem(text, "is not a number of \(what) from \(bounds)")
            }
            return number
        }
    }

    static func port(_ text: String) throws(SettingProblem) -> UInt16 {
        guard let number = decimal(text), let port = UInt16(exactly: number), port > 0 else {
            throw SettingProblem(text, "is not a port; use a number from 1 to 65535")
        }
        return port
    }

    /// A numeric address and a port.
    static func address(_ text: String) throws(SettingProblem) -> PeerAddress {
        guard let address = ManagerEndpoint(text)?.address else {
            throw SettingProblem(text, "is not ADDR:PORT, as in 127.0.0.1:60505 or [::1]:60505")
        }
        return address
    }

    /// A numeric address without a port; its port is 0.
    static func host(_ text: String) throws(SettingProblem) -> PeerAddress {
        guard let address = PeerAddress(host: text, port: 0) else {
            throw SettingProblem(text, "is not an IP address; use one as in 127.0.0.1 or ::1")
        }
        return address
    }

    static func managerEndpoint(_ text: String) throws(SettingProblem) -> ManagerEndpoint {
        guard let endpoint = ManagerEndpoint(text) else {
            throw SettingProblem(text, "is not HOST:PORT, as in 127.0.0.1:60505, [::1]:60505 or manager.example:60505")
        }
        return endpoint
    }

    /// nil for no limit.
    static func reserve(_ text: String) throws(SettingProblem) -> Reserve {
        if text.utf8.last == UInt8(ascii: "%") {
            guard let share = decimal(text.dropLast()), share <= 100 else {
                throw SettingProblem(text, "is not a part of the disk; use one from 0% to 100%")
            }
            return .percent(UInt64(share))
        }
        guard let amount = try? ByteRate.parse(text) else {
            if text == "0" || text == "none" { return .bytes(0) }
            throw SettingProblem(text, "is no amount; use one as 10G or 500M, or a part of the disk as 1%")
        }
        return .bytes(amount.bytesPerSecond)
    }

    static func rate(_ text: String) throws(SettingProblem) -> ByteRate? {
        do throws(ByteRateError) { return try ByteRate.parse(text) } catch {
            throw SettingProblem(error.text, error.reason)
        }
    }

    static func network(_ text: String) throws(SettingProblem) -> Network {
        guard let network = Network(text) else {
            throw SettingProblem(
                text, "is not a network; use 10.0.0.0/8, fd00::/8 or one address, with no bits set behind the prefix")
        }
        return network
    }

    static func logLevel(_ text: String) throws(SettingProblem) -> Logger.Level {
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingProblem(text, "is not a log level; use one of \(levels)")
        }
        return level
    }

    static func path(_ text: String) throws(SettingProblem) -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw SettingProblem(text, "is not a path") }
        return text
    }

    static func label(_ text: String) throws(SettingProblem) -> String {
        guard (1...PeerSettings.maxLabelBytes).contains(text.utf8.count) else {
            throw SettingProblem(text, "has \(text.utf8.count) bytes; a label has 1 to \(PeerSettings.maxLabelBytes)")
        }
        guard TerminalText.escape(text).utf8.elementsEqual(text.utf8) else {
            throw SettingProblem(text, "has control characters, which a label must not have")
        }
        return text
    }

    /// Digits alone: Swift's own reading also takes a sign.
    static func decimal(_ text: some StringProtocol) -> Int? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil  // trap: of a text, nil if it is too large
    }
}
