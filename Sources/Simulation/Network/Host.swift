import Content

/// A machine on the network with one process, which may run, be stopped or be dead.
class Host {
    let node: Int
    let id: PeerID
    var number = 0
    var isUp = false
    /// Its machine has lost power: nothing answers for it.
    var isDark = false
    var pausedSince: Moment?
    /// When it was last killed or stopped.
    var departed = Moment(nanoseconds: 0)
    /// When it last went on after a pause.
    var resumed = Moment(nanoseconds: 0)
    /// When something that it sent was last held up on its way.
    var held = Moment(nanoseconds: 0)
    /// What happened to it while it was stopped.
    var deferred: [Event] = []
    var links: [ConnectionID: (pipe: Pipe, side: Pipe.Side)] = [:]
    var hasDialedManager = false
    /// Only with `Canary.forgetGeneration`.
    var reusable: [ConnectionID] = []

    init(node: Int, seed: UInt64) {
        self.node = node
        var draws = Draws(seed: seed, for: "id \(node)")
        id = PeerID(high: draws.next(), low: draws.next())
    }

    var isPaused: Bool { pausedSince != nil }
    var life: Life { Life(node: node, number: number) }
    var address: PeerAddress { PeerAddress(ipv4: 0x7F00_0001, port: UInt16(7000 + node)) }

    static func node(at address: PeerAddress) -> Int { Int(address.port) - 7000 }
}
