import Control
import Glibc

/// Where a command's words go, and in which form: standard output, unless that is taken by a file's bytes.
struct Output {
    let json: Bool
    let descriptor: Int32

    init(json: Bool, descriptor: Int32 = STDOUT_FILENO) {
        self.json = json
        self.descriptor = descriptor
    }

    func show(_ lines: [String]) throws(ControlFailure) {
        do throws(ControlFailure) { try Terminal.show(lines, on: descriptor) } catch { try lost(error) }
    }

    func show(json value: some Encodable) throws(ControlFailure) {
        do throws(ControlFailure) { try Terminal.show(json: value, on: descriptor) } catch { try lost(error) }
    }

    /// Words that go to standard error, since a file's bytes go to standard output, are worth less than those bytes.
    private func lost(_ failure: ControlFailure) throws(ControlFailure) {
        if descriptor != STDERR_FILENO { throw failure }
    }

    func print<Result: Encodable>(_ result: Result, _ text: (Result) -> [String]) throws(ControlFailure) {
        if json { try show(json: result) } else { try show(text(result)) }
    }

    /// Tells of a failure: to programs if they asked for JSON, and to people, unless that would be among the JSON.
    /// - Parameter name: what was asked for, as typed.
    func tell(_ failure: ControlFailure, name: String? = nil) {
        // A pipe whose reader has gone ends a program without a word to people; a program may read the other pipe.
        if failure.cause == .outputClosed, !json || descriptor != STDERR_FILENO { return }
        if json { try? show(json: EventLine(event: "error", name: name, fields: failure)) }
        if !json || descriptor != STDERR_FILENO { Terminal.complain(FailureText.lines(failure, name: name)) }
    }

    /// Runs a command, and tells of its failure.
    func reporting(name: String? = nil, _ body: () throws(ControlFailure) -> Void) throws(ReportedFailure) {
        do throws(ControlFailure) {
            try body()
        } catch {
            tell(error, name: name)
            throw ReportedFailure(exit: error.exit)
        }
    }
}

/// A line of `req --json`: what happened, and its fields beside it.
struct EventLine<Fields: Encodable>: Encodable {
    let event: String
    let name: String?
    let fields: Fields

    init(event: String, name: String? = nil, fields: Fields) {
        self.event = event
        self.name = name
        self.fields = fields
    }

    private enum CodingKeys: CodingKey {
        case event, name
    }

    func encode(to encoder: any Encoder) throws {
        try fields.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(event, forKey: .event)
        try container.encodeIfPresent(name, forKey: .name)
    }
}
