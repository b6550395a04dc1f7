import Content
import PeerCore
import Storage
import TestSupport
import Wire

/// Everything around one peer machine, as the node would be: connections, dials, workers, clients, time. It keeps to the
/// node's side of the contract whatever the other peers say, and holds the machine to its own.
struct PeerWorld: ~Copyable {
    /// A connection as the other end sees it.
    struct Connection {
        let id: ConnectionID
        /// The peer that should be at the other end; nil for the manager.
        let peer: UInt64?
        /// Said hello.
        var isGreeted = false
        /// Asked of the other end and not yet answered.
        var questions: [(number: UInt32, query: FileQuery)] = []
        var pages: [(root: FileRoot, range: Range<Int>)] = []
        var chunks: [(root: FileRoot, first: Int, rest: Range<Int>)] = []
        /// Announced, and its bytes are coming.
        var receiving: Incoming?
    }

    struct Incoming {
        let download: DownloadID
        let index: Int
        let isFile: Bool
    }

    enum Partial { case opening, unwanted, open, displaced }

    let things: Things
    var choices: Choices
    var machine: PeerMachine<Seeded>
    var now = Moment(nanoseconds: 0)
    var wakeAt: Moment?
    private var lastConnection: UInt64 = 0
    private var lastRequest: UInt64 = 0

    var connections: [Connection] = []
    var dials: [Dial] = []
    /// What workers will bring, in any order.
    var owed: [PeerInput] = []
    var partials: [DownloadID: Partial] = [:]
    /// The pieces that the partial file of a download has.
    var written: [DownloadID: PieceSet] = [:]
    var trees: [DownloadID: Manifest] = [:]
    var requests: Set<RequestID> = []
    var isOver = false
    let bench = HashBench()

    private var inputs: [PeerInput] = []
    private var isBusy = false
    /// A piece was announced on it, and the machine must say what becomes of its bytes.
    var announced: (connection: ConnectionID, length: Int)?

    init(_ input: [UInt8], adjust: (inout PeerPolicy) -> Void = { _ in }) throws {
        things = try Things.all.get()
        choices = Choices(input)
        var policy = PeerPolicy()
        // Small, so that few steps reach them.
        (policy.inboundMax, policy.contactsMax, policy.requestsMax, policy.downloadsMax) = (4, 3, 6, 5)
        (policy.lanesMax, policy.runningMax, policy.bansMax, policy.strikesMax) = (3, 2, 2, 2)
        adjust(&policy)
        machine = PeerMachine(
            id: .fuzzed(0), listenPort: 7000, label: "self", managerCount: 2, policy: policy, random: Seeded(1))
    }

    // MARK: Inputs

    mutating func feed(_ input: PeerInput) throws {
        inputs.append(input)
        guard !isBusy else { return }
        isBusy = true
        defer { isBusy = false }
        while !inputs.isEmpty, !isOver { try handle(inputs.removeFirst()) }
    }

    private mutating func handle(_ input: PeerInput) throws {
        // It may have been closed since the input was made.
        if let connection = input.connection, self[connection] == nil { return }
        announced = nil
        if case .received(let connection, .piece(_, let length)) = input { announced = (connection, length) }
        var effects: [PeerEffect] = []
        machine.handle(input, now: now, effects: &effects)
        try require(effects.count < 10_000, "\(effects.count) effects of \(input)")
        for effect in effects { try perform(effect) }
        if let announced, self[announced.connection] != nil {
            throw Broken(description: "nobody says what becomes of \(announced.length) bytes of a piece")
        }
    }

    /// Lets time pass, waking the machine whenever it asked for it.
    mutating func pass(_ span: Span) throws {
        let end = now + span
        for _ in 0..<20_000 {
            guard let wake = wakeAt, wake <= end else { break }
            wakeAt = nil
            now = max(now, wake)
            try feed(.wake)
            if wakeAt == now { throw Broken(description: "it wants to be woken at once, and again") }
        }
        now = end
    }

    mutating func newRequest() -> RequestID {
        lastRequest += 1
        let id = RequestID(rawValue: lastRequest)
        requests.insert(id)
        return id
    }

    // MARK: Connections

    subscript(id: ConnectionID) -> Connection? {
        connections.first { $0.id == id }
    }

    mutating func change(_ id: ConnectionID, _ body: (inout Connection) -> Void) {
        guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
        body(&connections[index])
    }

    mutating func connect(_ peer: UInt64?) -> ConnectionID {
        lastConnection += 1
        let id = ConnectionID(rawValue: lastConnection)
        connections.append(Connection(id: id, peer: peer))
        return id
    }

    mutating func say(_ message: Message, on connection: ConnectionID) throws {
        // While a piece's bytes come, nothing else does.
        guard self[connection]?.receiving == nil else { return }
        try feed(.received(connection, message))
    }

    mutating func disconnect(_ connection: ConnectionID) {
        connections.removeAll { $0.id == connection }
        owed.removeAll { if case .chunkServed(connection) = $0 { true } else { false } }
    }
}

extension PeerInput {
    /// The connection that it is about, if it makes no sense without.
    fileprivate var connection: ConnectionID? {
        switch self {
        case .received(let connection, _), .pieceStarted(let connection), .progressed(let connection, _),
            .pieceReceived(let connection), .chunkServed(let connection):
            connection
        default: nil
        }
    }
}

extension PeerID {
    static func fuzzed(_ number: UInt64) -> PeerID { PeerID(high: 1, low: number) }
}

extension PeerAddress {
    static func fuzzed(_ number: UInt64) -> PeerAddress { PeerAddress(ipv4: 0x7F00_0001, port: UInt16(7000 + number)) }
}
