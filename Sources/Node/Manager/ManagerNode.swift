import Content
import Logging
import ManagerCore
import Posix
import Reactor
import Transport
import Wire

/// The manager machine on its reactor: events become inputs, effects become calls.
final class ManagerNode: ReactorHandler, TransportHandler {
    typealias Completion = Never

    private let reactor: Reactor<Never>
    private let transport: Transport<Never>
    private let logger: Logger
    private var machine: ManagerMachine
    private var probes: Probes
    private var inputs = InputQueue<ManagerInput>()
    private var effects: [ManagerEffect] = []
    private var wakeTimer: TimerID?
    private var isStopping = false

    init(_ settings: ManagerSettings, reactor: Reactor<Never>, logger: Logger) {
        self.reactor = reactor
        self.logger = logger
        var limits = TransportLimits(queueMax: Caps.Manager.queuedOnConnection)
        (limits.queueTotalMax, limits.queueSpan) = (Caps.Manager.queued, Caps.Manager.queuedSpan)
        transport = Transport(reactor: reactor, limits: limits)
        var random = SystemRandomNumberGenerator()
        var policy = ManagerPolicy(
            heartbeat: .seconds(UInt64(settings.heartbeatSeconds)),
            silence: .seconds(UInt64(settings.silenceSeconds)), maxPeers: settings.maxPeers)
        policy.probes = settings.probe
        policy.fit(descriptors: DescriptorLimit.current)
        if policy.maxPeers < settings.maxPeers {
            logger.info(
                "the limit of open files leaves room for fewer peers; raise it (ulimit -n, LimitNOFILE=)",
                metadata: ["max_peers": "\(policy.maxPeers)"])
        }
        probes = Probes(atMost: policy.probesMax)
        machine = ManagerMachine(id: .random(using: &random), policy: policy)
    }

    func listen(on address: PeerAddress) throws(SystemError) {
        let port = try transport.listen(on: address)
        logger.info("listening", metadata: ["address": "\(address.with(port: port))"])
    }

    // MARK: Inputs

    private func feed(_ input: ManagerInput) {
        inputs.append(input)
        while let next = inputs.next() {
            machine.handle(next, now: Moment(nanoseconds: reactor.now), effects: &effects)
            let batch = effects
            effects.removeAll(keepingCapacity: true)
            for effect in batch { perform(effect) }
            inputs.done()
        }
    }

    func accepted(_ connection: ConnectionID, from address: PeerAddress) {
        feed(.connected(connection, from: address))
    }

    func received(_ message: Message, on connection: ConnectionID) {
        if probes.contains(connection) { return probeHeard(message, on: connection) }
        feed(.received(connection, message))
    }

    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) {
        logger.debug("connection closed", metadata: ["connection": "\(connection)", "reason": "\(reason)"])
        if probes.contains(connection) { return probeEnded(connection, failure: reason) }
        feed(.closed(connection, reason: reason))
    }

    func violated(_ connection: ConnectionID, from address: PeerAddress, reason: String) {
        logger.warning("protocol violation", metadata: ["address": "\(address)", "reason": "\(reason)"])
    }

    func dialed(_ connection: ConnectionID, failure: String?) {
        if let failure { probeEnded(connection, failure: failure) }
    }

    // A manager moves no files.
    func progressed(_ connection: ConnectionID, bytes: Int) {}
    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID) {}
    func hasRoom(_ connection: ConnectionID) {}
    func truncated(_ file: OpenFile) {}

    func ready(_ token: Token, _ mask: EventPoll.Mask) {
        _ = transport.ready(token, mask, self)
    }

    func completed(_ completion: Never) {}

    func fired(_ timer: TimerID) {
        if transport.fired(timer, self) { return }
        if timer == wakeTimer { feed(.wake) }
    }

    func received(signal: Int32) {
        logger.info("stopping", metadata: ["signal": "\(signal)", "peers": "\(machine.memberCount)"])
        Readiness.notify(.stopping, logger: logger)
        isStopping = true
    }

    func endOfTick() {
        transport.flush(self)
        if isStopping { reactor.stop() }
    }

    // MARK: Probes

    private func beginProbes() {
        while let wanted = probes.next() {
            do throws(SystemError) {
                probes.began(try transport.dial(wanted.address, from: nil), for: wanted)
            } catch {
                feed(.probed(wanted.joiner, failure: "\(error)"))
            }
        }
    }

    /// A peer says hello to whoever connects, or that it has no room; that is all there is to know.
    private func probeHeard(_ message: Message, on connection: ConnectionID) {
        _ = transport.close(connection)
        switch message {
        case .hello(let hello) where hello.role == .peer: probeEnded(connection, failure: nil)
        case .refused(.full, _): probeEnded(connection, failure: nil)
        default: probeEnded(connection, failure: "something else than a peer listens there")
        }
    }

    private func probeEnded(_ connection: ConnectionID, failure: String?) {
        if let joiner = probes.ended(connection) { feed(.probed(joiner, failure: failure)) }
        beginProbes()
    }

    // MARK: Effects

    private func perform(_ effect: ManagerEffect) {
        switch effect {
        case .send(let connection, let message):
            if case .refused(_, let reason) = message {
                logger.warning("refused", metadata: ["connection": "\(connection)", "reason": "\(reason)"])
            }
            transport.send(message, on: connection)
        case .sendEncoded(let connection, let bytes): transport.send(encoded: bytes, on: connection)
        case .close(let connection, let reason):
            logger.debug("closing", metadata: ["connection": "\(connection)", "reason": "\(reason)"])
            _ = transport.close(connection)
        case .probe(let connection, let address):
            probes.add(.init(joiner: connection, address: address))
            beginProbes()
        case .endProbe(let connection):
            if let probe = probes.forget(connection) { _ = transport.close(probe) }
            beginProbes()
        case .wake(let moment):
            if let wakeTimer { reactor.cancelTimer(wakeTimer) }
            wakeTimer = reactor.setTimer(at: moment.nanoseconds)
        case .joined(let entry):
            logger.info("peer joined", metadata: describe(entry))
        case .left(let entry, let reason):
            logger.info("peer left", metadata: describe(entry).merging(["reason": "\(reason)"]) { $1 })
        }
    }

    private func describe(_ entry: RosterEntry) -> Logger.Metadata {
        [
            "address": "\(entry.address)", "id": "\(entry.id)", "label": "\(entry.label)",
            "peers": "\(machine.memberCount)",
        ]
    }
}
