import FoundationEssentials

/// Makes the lines of the control socket: JSON-RPC 2.0, one object a line, UTF-8, keys sorted, ended by `\n`.
/// Source: https://www.jsonrpc.org/specification.
public enum ControlLine {
    /// Client to daemon.
    public static func request(_ request: ControlRequest) -> [UInt8] {
        json(request)
    }

    /// Daemon to client: what came of a request.
    public static func reply(_ id: ControlID, _ result: some Encodable) -> [UInt8] {
        json(Reply(id: id, result: result))
    }

    /// Daemon to client: a request came to nothing.
    public static func failure(_ id: ControlID, _ failure: ControlFailure) -> [UInt8] {
        json(Failure(id: id, error: RPCError(code: failure.code, message: failure.message, data: failure)))
    }

    /// Daemon to client: a line was no request.
    public static func refusal(_ error: ControlRequestError) -> [UInt8] {
        json(Failure(id: error.id, error: RPCError(code: error.code.rawValue, message: error.message, data: nil)))
    }

    /// Daemon to client, while a request runs.
    public static func notification(_ notification: ControlNotification) -> [UInt8] {
        json(Notification(notification: notification))
    }

    /// Any value as a line, in the same style: what `p2pctl --json` prints.
    public static func json(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let newline = [UInt8(ascii: "\n")]
        // Only a number that is not finite cannot be encoded, and the types that hold numbers keep those out.
        guard let data = try? encoder.encode(value) else { return Array(internalError.utf8) + newline }
        return Array(data) + newline
    }

    private static let internalError =
        #"{"error":{"code":-32603,"message":"the reply cannot be written as JSON"},"id":null,"jsonrpc":"2.0"}"#
}

private struct Reply<Result: Encodable>: Encodable {
    let jsonrpc = "2.0"
    let id: ControlID
    let result: Result
}

private struct Failure: Encodable {
    let id: ControlID?
    let error: RPCError

    private enum CodingKeys: CodingKey {
        case jsonrpc, id, error
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode("2.0", forKey: .jsonrpc)
        // JSON-RPC wants the key even when there is no id to repeat.
        try fields.encode(id, forKey: .id)
        try fields.encode(error, forKey: .error)
    }
}

/// The `error` member of a JSON-RPC response.
struct RPCError: Codable {
    let code: Int
    let message: String
    let data: ControlFailure?
}

private struct Notification: Encodable {
    let notification: ControlNotification

    private enum CodingKeys: CodingKey {
        case jsonrpc, method, params, request
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode("2.0", forKey: .jsonrpc)
        try fields.encode(notification.event.kind, forKey: .method)
        let params = fields.superEncoder(forKey: .params)
        try notification.event.encode(to: params)
        var request = params.container(keyedBy: CodingKeys.self)
        try request.encode(notification.request, forKey: .request)
    }
}
