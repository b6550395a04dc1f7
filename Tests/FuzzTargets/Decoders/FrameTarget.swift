import TestSupport
import Wire

/// A stream decodes to the same messages however it is cut, and holds no more than a frame and what was read behind it.
enum FrameTarget {
    private struct Outcome: Equatable {
        var messages: [Message] = []
        /// Of all pieces.
        var raw: [UInt8] = []
        var error: WireError?
    }

    private static let bodyMax = MessageType.allCases.map(\.bodyMax).max() ?? 0

    static func run(_ input: [UInt8]) throws {
        let whole = try decode([input[...]])
        try require(try decode(cut(input)) == whole, "cut into parts it decodes to something else than \(whole)")
    }

    private static func cut(_ input: [UInt8]) -> [ArraySlice<UInt8>] {
        var random = Seeded(UInt64(input.first ?? 0))
        var parts: [ArraySlice<UInt8>] = []
        var rest = input[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...40, using: &random))
            parts.append(part)
            rest = rest.dropFirst(part.count)
        }
        return parts
    }

    private static func decode(_ parts: [ArraySlice<UInt8>]) throws -> Outcome {
        var decoder = FrameDecoder()
        var outcome = Outcome()
        var rawLeft = 0
        for part in parts {
            part.withUnsafeBytes { decoder.append($0) }
            do throws(WireError) {
                try exhaust(&decoder, &rawLeft, &outcome)
            } catch {
                outcome.error = error
                return outcome
            }
            try require(
                decoder.buffered <= WireLimits.headerSize + bodyMax + part.count, "\(decoder.buffered) bytes are held")
        }
        return outcome
    }

    private static func exhaust(
        _ decoder: inout FrameDecoder, _ rawLeft: inout Int, _ outcome: inout Outcome
    ) throws(WireError) {
        while true {
            if rawLeft > 0 {
                var buffer = [UInt8](repeating: 0, count: min(rawLeft, decoder.buffered))
                let count = buffer.withUnsafeMutableBytes { decoder.takeRaw(into: $0) }
                outcome.raw += buffer.prefix(count)
                rawLeft -= count
                if rawLeft > 0 { return }
            }
            guard let message = try decoder.next() else { return }
            outcome.messages.append(message)
            if case .piece(_, let length) = message { rawLeft = length }
        }
    }
}
