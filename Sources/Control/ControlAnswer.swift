import FoundationEssentials

/// One line from the daemon, as a client reads it that waits for a `Result`.
public enum ControlAnswer<Result: Decodable> {
    case event(ControlNotification)
    case result(ControlID, Result)
    /// The id is nil when the daemon could not read the request's.
    case failure(ControlID?, ControlFailure)
    /// A notification that this client does not know: a newer daemon may send more.
    case unknownEvent

    /// Reads a line, without its `\n`.
    public init(line: [UInt8]) throws(ControlAnswerError) {
        do {
            self = try JSONDecoder().decode(Answer<Result>.self, from: Data(line)).value
        } catch let error as DecodingError {
            throw ControlAnswerError(why: error.explanation)
        } catch {
            throw ControlAnswerError(why: "it is not JSON")
        }
    }
}

extension ControlAnswer: Equatable where Result: Equatable {}
extension ControlAnswer: Sendable where Result: Sendable {}

/// A line from the daemon makes no sense to this client.
public struct ControlAnswerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong with the line.
    public let why: String

    public var description: String { "the daemon's answer cannot be read: \(why)" }
}

private struct Answer<Result: Decodable>: Decodable {
    let value: ControlAnswer<Result>

    private enum CodingKeys: CodingKey {
        case id, method, params, result, error, request
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        if fields.contains(.method) {
            value = try Answer.notification(fields)
        } else if fields.contains(.error) {
            let error = try fields.decode(RPCError.self, forKey: .error)
            let failure = error.data ?? ControlFailure(.usage, error.message)
            value = .failure(try fields.decodeIfPresent(ControlID.self, forKey: .id), failure)
        } else {
            let id = try fields.decode(ControlID.self, forKey: .id)
            value = .result(id, try fields.decode(Result.self, forKey: .result))
        }
    }

    private static func notification(
        _ fields: KeyedDecodingContainer<CodingKeys>
    ) throws -> ControlAnswer<Result> {
        guard let kind = ControlEvent.Kind(rawValue: try fields.decode(String.self, forKey: .method)) else {
            return .unknownEvent
        }
        let params = try fields.superDecoder(forKey: .params)
        let request = try params.container(keyedBy: CodingKeys.self).decode(ControlID.self, forKey: .request)
        return .event(ControlNotification(request: request, event: try ControlEvent(kind, from: params)))
    }
}
