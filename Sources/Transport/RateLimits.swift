import Content

/// How fast file data may go out and come in, all connections together.
public struct RateLimits: Equatable, Sendable {
    /// nil: as fast as it goes.
    public var upload: ByteRate?
    public var download: ByteRate?
    /// Connections to and from these addresses are neither limited nor counted.
    public var exempt: [Network]

    public init(upload: ByteRate? = nil, download: ByteRate? = nil, exempt: [Network] = []) {
        self.upload = upload
        self.download = download
        self.exempt = exempt
    }

    func exempts(_ address: PeerAddress) -> Bool { exempt.contains { $0.contains(address) } }
}
