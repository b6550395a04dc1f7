import FoundationEssentials

/// One line from a client to the daemon: a JSON-RPC 2.0 request. Every request has an id; batches and notifications
/// from clients are refused.
/// Source: https://www.jsonrpc.org/specification, section 4.
public struct ControlRequest: Equatable, Sendable {
    public let id: ControlID
    public let call: ControlCall

    public init(id: ControlID, call: ControlCall) {
        self.id = id
        self.call = call
    }

    /// Reads a line, without its `\n`.
    /// - Throws: the JSON-RPC error to answer with; `ControlLine.refusal` makes the line.
    public init(line: [UInt8]) throws(ControlRequestError) {
        // A zero byte is no JSON, and would make the decoder guess at UTF-16.
        guard !line.contains(0), String(validating: line, as: UTF8.self) != nil else {
            throw ControlRequestError(.parse, "the line is not valid UTF-8, or holds a zero byte")
        }
        do {
            self = try JSONDecoder().decode(ControlRequest.self, from: Data(line))
        } catch let error as ControlRequestError {
            throw error
        } catch {
            throw ControlRequestError(.parse, "the line is not a JSON value")
        }
    }
}

extension ControlRequest: Codable {
    private enum CodingKeys: String, CodingKey {
        case jsonrpc, id, method, params
    }

    public init(from decoder: any Decoder) throws {
        guard let fields = try? decoder.container(keyedBy: CodingKeys.self) else {
            throw ControlRequestError(.invalid, "a request is one JSON object; there are no batches")
        }
        guard fields.contains(.id) else { throw ControlRequestError(.invalid, "`id` is missing") }
        guard let id = try? fields.decode(ControlID.self, forKey: .id) else {
            let limit = ControlID.maxBytes
            throw ControlRequestError(.invalid, "`id` must be a whole number or a string of at most \(limit) bytes")
        }
        guard (try? fields.decode(String.self, forKey: .jsonrpc)) == "2.0" else {
            throw ControlRequestError(.invalid, "`jsonrpc` must be \"2.0\"", id: id)
        }
        self.id = id
        call = try ControlRequest.call(fields, method: ControlRequest.method(fields, id: id), id: id)
    }

    private static func method(
        _ fields: KeyedDecodingContainer<CodingKeys>, id: ControlID
    ) throws(ControlRequestError) -> ControlCall.Method {
        guard let name = try? fields.decode(String.self, forKey: .method) else {
            throw ControlRequestError(.invalid, "`method` must be a string", id: id)
        }
        guard let method = ControlCall.Method(rawValue: name) else {
            let known = ControlCall.Method.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlRequestError(.method, "there is no method `\(Quoted.text(name))` (known: \(known))", id: id)
        }
        return method
    }

    private static func call(
        _ fields: KeyedDecodingContainer<CodingKeys>, method: ControlCall.Method, id: ControlID
    ) throws(ControlRequestError) -> ControlCall {
        do {
            return try ControlCall(method, from: Params(fields: fields, key: .params))
        } catch let error as DecodingError {
            throw ControlRequestError(.params, "\(method.rawValue): \(error.explanation)", id: id)
        } catch {
            throw ControlRequestError(.params, "\(method.rawValue): the parameters cannot be read", id: id)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode("2.0", forKey: .jsonrpc)
        try fields.encode(id, forKey: .id)
        try fields.encode(call.method, forKey: .method)
        if let params = call.params { try fields.encode(params, forKey: .params) }
    }
}
