/// Why a line from a client is no request, as JSON-RPC tells it.
/// Source: https://www.jsonrpc.org/specification, section 5.1.
public struct ControlRequestError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The codes that JSON-RPC itself defines for this.
    public enum Code: Int, Sendable {
        case parse = -32700
        case invalid = -32600
        case method = -32601
        case params = -32602
    }

    public let code: Code
    /// Names what is wrong.
    public let message: String
    /// The request's id, when it could be read.
    public let id: ControlID?

    public init(_ code: Code, _ message: String, id: ControlID? = nil) {
        self.code = code
        self.message = message
        self.id = id
    }

    public var description: String { message }
}
