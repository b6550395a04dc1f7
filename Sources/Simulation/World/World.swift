import Content
import ManagerCore
import PeerCore

/// A manager and its peers in a world where everything is simulated but themselves: the machines are the production ones,
/// the clock, the network, the disks and the processes' lives are not.
///
/// All that happens is in one queue, by its time; all that is drawn comes from the seed. So a run is a function of its
/// scenario.
public final class World {
    /// Inputs that follow from one, at most: beyond it, they follow from each other without end.
    static let inputsMax = 100_000

    public let scenario: Scenario
    public let canary: Canary?
    let library: Library
    let manager: ManagerHost
    let peers: [PeerHost]
    let hosts: [Host]

    private(set) var now = Moment(nanoseconds: 0)
    var queue = EventQueue()
    var draws: Draws
    var routes: Routes
    var lastPipe = 0
    var lastRequest: UInt64 = 0
    var stage = Stage.faulty
    var goals = Goals()

    let checkers = Checkers()
    public private(set) var violation: Violation?
    public internal(set) var trace = Trace()
    /// Faults that were injected, by kind.
    public private(set) var faults: [String: Int] = [:]
    /// Told of every input and effect.
    private let teller: ((String) -> Void)?

    public init(_ scenario: Scenario, canary: Canary? = nil, teller: ((String) -> Void)? = nil) {
        self.scenario = scenario
        self.canary = canary
        self.teller = teller
        library = Library(scenario)
        draws = Draws(seed: scenario.seed, for: "world")
        routes = Routes(nodes: scenario.peers + 1)
        manager = ManagerHost(node: 0, seed: scenario.seed)
        peers = (1...scenario.peers).map { PeerHost(node: $0, scenario) }
        hosts = [manager] + peers
    }

    /// Simulated time.
    public var elapsed: Span { now - Moment(nanoseconds: 0) }

    /// Runs to the end, or to the first rule that is broken.
    public func run() {
        begin()
        while stage != .over, violation == nil, let next = queue.next, let event = queue.pop() {
            now = max(now, next)
            handle(event)
        }
    }

    // MARK: Events

    func plan(_ event: Event, in span: Span) { queue.plan(event, at: now + span) }

    func handle(_ event: Event) {
        if let life = event.life {
            guard let host = host(life) else { return }
            if host.isPaused { return host.deferred.append(event) }
        }
        switch event {
        case .arrival(let pipe, let side): arrival(pipe, from: side)
        case .knock(let life, let target, let node): knock(life, target, node)
        case .dialed(let pipe, let target): dialed(pipe, target)
        case .accepted(let pipe): accepted(pipe)
        case .wake(let life): if let peer = peer(life.node) { woken(peer) } else { managerWoken() }
        case .fault(let feature): inject(feature)
        case .recovery(let recovery): recover(recovery)
        case .phase: advance()
        case .probed(_, let connection, let failure): feed(.probed(connection, failure: failure))
        case .departure(let departure): checkers.departures.look(departure, self)
        case .dialFailed, .disk, .ledger, .told, .sent, .sweepUploads, .client, .settled, .indexed:
            if let life = event.life, let peer = peer(life.node) { handle(event, peer) }
        }
    }

    private func handle(_ event: Event, _ peer: PeerHost) {
        switch event {
        case .dialFailed(_, let target, let reason): feed(.dialFailed(target, reason: reason), to: peer)
        case .disk(_, let job): work(job, peer)
        case .ledger(_, let job): write(job, peer)
        case .told(_, let input): feed(input, to: peer)
        case .sent(_, let connection): sent(connection, peer)
        case .sweepUploads: sweepUploads(peer)
        case .client: client(peer)
        case .settled(_, let name): settled(name, peer)
        case .indexed: indexed(peer)
        case .arrival, .knock, .dialed, .accepted, .wake, .fault, .recovery, .phase, .departure, .probed: break
        }
    }

    // MARK: Nodes

    /// The process of that life, if it is still that one.
    func host(_ life: Life) -> Host? {
        let host = hosts[life.node]
        return host.isUp && host.number == life.number ? host : nil
    }

    /// nil for the manager.
    func peer(_ node: Int) -> PeerHost? { node > 0 ? peers[node - 1] : nil }

    var isFaulty: Bool { stage == .faulty }

    /// Nothing is wanted any more.
    var isResting: Bool {
        switch stage {
        case .resting, .over: true
        case .faulty, .settling, .fetching, .ending: false
        }
    }

    /// The peers that are healed at last.
    var core: [PeerHost] { peers.filter { !$0.isOutside } }
    /// Those that are not.
    var outsiders: [PeerHost] { peers.filter(\.isOutside) }

    func isInCore(_ node: Int) -> Bool { peer(node).map { !$0.isOutside } ?? true }

    // MARK: Telling

    func report(_ checker: String, _ message: String) {
        guard violation == nil else { return }
        violation = Violation(checker: checker, message: message, at: now)
        if isTelling { tell("VIOLATION \(checker): \(message)") }
    }

    func count(_ fault: String) { faults[fault, default: 0] += 1 }

    var isTelling: Bool { teller != nil }

    func tell(_ line: String) { teller?("\(now.nanoseconds / 1_000) us \(line.prefix(400))") }
}
