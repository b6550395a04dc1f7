/// Names a connection to a machine, which knows nothing else of it. Never used again after the connection is closed.
public struct ConnectionID: Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

extension ConnectionID: CustomStringConvertible {
    public var description: String { String(rawValue, radix: 16) }
}
