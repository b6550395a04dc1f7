import ArgumentParser
import Control

/// What every command takes, before its name or after it.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's control socket. Default: P2PCTL_CONTROL, else the only one there is.", valueName: "socket"))
    var control: String?

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func merged(with earlier: ClientOptions) -> ClientOptions {
        var merged = self
        merged.control = control ?? earlier.control
        merged.json = json || earlier.json
        return merged
    }

    func connect() throws(ControlFailure) -> ControlClient {
        ControlClient(try ControlConnection(path: try SocketChoice.path(option: control)))
    }

    /// Asks one thing that the daemon answers at once, and shows the answer.
    func show<Result: Codable>(
        _ call: ControlCall, as type: Result.Type, _ text: (Result) -> [String]
    ) throws {
        try reporting { () throws(ControlFailure) in
            var client = try connect()
            let result = try client.ask(call, Result.self)
            try print(result, text)
        }
    }

    func print<Result: Encodable>(_ result: Result, _ text: (Result) -> [String]) throws(ControlFailure) {
        if json { try Terminal.show(json: result) } else { try Terminal.show(text(result)) }
    }

    /// Runs a command, and tells of its failure: to people always, to programs too when they asked for JSON.
    func reporting(name: String? = nil, _ body: () throws(ControlFailure) -> Void) throws(ReportedFailure) {
        do throws(ControlFailure) {
            try body()
        } catch {
            if json { try? Terminal.show(json: EventLine(event: "error", fields: error)) }
            Terminal.complain(FailureText.lines(error, name: name))
            throw ReportedFailure(exit: error.exit)
        }
    }
}

/// A line of `req --json`: what happened, and its fields beside it.
struct EventLine<Fields: Encodable>: Encodable {
    let event: String
    let fields: Fields

    private enum CodingKeys: CodingKey {
        case event
    }

    func encode(to encoder: any Encoder) throws {
        try fields.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(event, forKey: .event)
    }
}
