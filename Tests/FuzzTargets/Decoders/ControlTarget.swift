import Content
import Control
import TestSupport

/// The lines of the control socket, as either end reads them.
enum ControlTarget {
    static func run(_ input: [UInt8]) throws {
        let whole = try lines(of: [input[...]])
        try require(try lines(of: input.indices.map { input[$0...$0] }) == whole, "byte by byte it has other lines")
        for line in whole {
            try request(line)
            answer(line)
            try typed(String(decoding: line, as: UTF8.self))
        }
    }

    private static func lines(of parts: [ArraySlice<UInt8>]) throws -> [[UInt8]] {
        var splitter = LineSplitter(limit: LineSplitter.maxRequestBytes)
        var lines: [[UInt8]] = []
        for part in parts {
            splitter.append(part)
            while let line = try splitter.next() { lines.append(line) }
        }
        return lines
    }

    private static func request(_ line: [UInt8]) throws {
        do {
            let request = try ControlRequest(line: line)
            let written = ControlLine.request(request)
            let again = try? ControlRequest(line: written.dropLast())
            try require(again == request, "\(request) does not come back")
        } catch let error as ControlRequestError {
            let refusal = ControlLine.refusal(error)
            try require(refusal.filter { $0 == UInt8(ascii: "\n") }.count == 1, "a refusal is not one line")
        }
    }

    private static func answer(_ line: [UInt8]) {
        // A refused line is an answer, too.
        _ = try? ControlAnswer<ReqDone>(line: line)
        _ = try? ControlAnswer<FilesReply>(line: line)
    }

    private static func typed(_ text: String) throws {
        _ = PromptCommand(line: text)
        guard let typed = try? TypedName(text) else { return }
        try require((try? TypedName(typed.text)) == typed, "\(typed) does not come back")
    }
}
