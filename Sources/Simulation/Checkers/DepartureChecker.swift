import Content
import ManagerCore
import PeerCore

/// A peer that is gone leaves the manager's roster within the silence deadline, unless what it said before was held up on
/// the way, or the manager itself was.
struct DepartureChecker {
    /// The manager's silence, its sweep, and time for what was sent before.
    static let patience = Span.seconds(18)

    func look(_ departure: Departure, _ world: World) {
        let host = world.hosts[departure.life.node]
        let isBack = host.life != departure.life || host.isUp && !host.isPaused || host.departed != departure.since
        guard !isBack, world.manager.life == departure.manager, world.manager.isUp, !world.manager.isPaused,
            world.manager.resumed <= departure.since, host.held <= departure.since,
            world.checkers.rosters.members[host.id] != nil
        else { return }
        world.report(
            "departures", "\(host.node) has been gone for \(DepartureChecker.patience.seconds) s and is a member")
    }
}

/// A process that ended or was stopped.
struct Departure {
    let life: Life
    let since: Moment
    let manager: Life
}
