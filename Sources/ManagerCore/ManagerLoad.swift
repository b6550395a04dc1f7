/// What the manager keeps of those who are no members: all of it comes and goes.
public struct ManagerLoad: Hashable, Sendable {
    /// Connections that have not introduced themselves.
    public let newcomers: Int
    /// Those whose address is being tried.
    public let probed: Int
    /// Addresses that connections are counted of.
    public let addresses: Int

    public init(newcomers: Int = 0, probed: Int = 0, addresses: Int = 0) {
        self.newcomers = newcomers
        self.probed = probed
        self.addresses = addresses
    }
}
