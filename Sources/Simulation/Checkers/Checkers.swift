import Content
import ManagerCore
import PeerCore

/// A rule that was broken.
public struct Violation: Hashable, Sendable {
    public let checker: String
    public let message: String
    public let at: Moment
}

/// What must hold at all times, and who looks. Each checker is told of what concerns it, and reports to the world.
final class Checkers {
    var offers = OfferChecker()
    var deliveries = DeliveryChecker()
    var records = RecordChecker()
    var rosters = RosterChecker()
    var departures = DepartureChecker()
    var bans = BanChecker()
    var requests = RequestChecker()
    var writers = WriterChecker()
    var generations = GenerationChecker()
    var courtesy = CourtesyChecker()
    var convergence = ConvergenceChecker()
    var baseline = BaselineChecker()

    /// A peer's machine wants something done.
    func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        generations.wants(effect, peer, world)
        offers.wants(effect, peer, world)
        bans.wants(effect, peer, world)
        courtesy.wants(effect, peer, world)
        deliveries.wants(effect, peer, world)
        writers.wants(effect, peer, world)
    }

    func wants(_ effect: ManagerEffect, _ world: World) {
        generations.wants(effect, world.manager, world)
        rosters.wants(effect)
        courtesy.wants(effect, world)
    }

    /// A peer's machine has handled an input, and what it wanted is done.
    func handled(_ input: PeerInput, _ peer: PeerHost, _ process: PeerProcess, _ world: World) {
        generations.handled(input, peer)
        rosters.handled(input, peer, process, world)
        writers.handled(input, peer, process, world)
    }

    func handled(_ input: ManagerInput, _ process: ManagerProcess, _ world: World) {
        generations.handled(input, world.manager)
        rosters.handled(process.machine.epoch, world.manager.life)
    }

    /// A process has ended.
    func ended(_ life: Life) {
        requests.ended(life)
        deliveries.ended(life)
        writers.ended(life)
        generations.ended(life)
    }
}
