import ArgumentParser
import Control

/// What every command takes, before its name or after it.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's control socket. (default: P2PCTL_CONTROL, else the only one there is)", valueName: "socket"))
    var control: String?

    @Flag(help: "Print JSON, one object a line, also for failures. (default: text for people)")
    var json = false

    func merged(with earlier: ClientOptions) -> ClientOptions {
        var merged = self
        merged.control = control ?? earlier.control
        merged.json = json || earlier.json
        return merged
    }

    var output: Output { Output(json: json) }

    func connect() throws(ControlFailure) -> ControlClient {
        ControlClient(try ControlConnection(path: try SocketChoice.path(option: control)))
    }

    /// Asks one thing that the daemon answers at once, and shows the answer.
    func show<Result: Codable>(
        _ call: ControlCall, as type: Result.Type, _ text: (Result) -> [String]
    ) throws {
        try output.reporting { () throws(ControlFailure) in
            var client = try connect()
            let result = try client.ask(call, Result.self)
            try output.print(result, text)
        }
    }

    /// Asks the same about several names, in order, and shows each answer; a name that fails keeps no other from being
    /// asked about.
    func showEach<Result: Codable>(
        _ names: [String], _ call: (TypedName) -> ControlCall, as type: Result.Type,
        _ text: (Result, TypedName) -> [String]
    ) throws {
        var ends = FirstFailure()
        try output.reporting { () throws(ControlFailure) in
            let typed = try names.map { (name) throws(ControlFailure) in try TypedName(name) }
            var client = try connect()
            for (index, name) in typed.enumerated() {
                do throws(ControlFailure) {
                    try output.print(try client.ask(call(name), Result.self)) { text($0, name) }
                } catch {
                    // Without the daemon no other name has an answer either.
                    guard error.cause != .unreachable else { throw error }
                    output.tell(error, name: name.text)
                    ends.note(error.exit, at: index)
                }
            }
        }
        try ends.check()
    }
}
