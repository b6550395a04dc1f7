import Content
import Wire

/// The peer's connection to its manager, for ever renewed.
///
///     waiting --time--> dialing --connected--> greeting --hello--> introducing --welcome--> joined
///
/// Every other way out leads back to `waiting`, with a pause that doubles up to a limit and is drawn at random below it,
/// so that a thousand peers do not come back in one instant.
struct ManagerLink {
    enum State {
        case waiting(until: Moment)
        /// The daemon's own deadline for connecting; the dialer has another.
        case dialing(since: Moment)
        case greeting(ConnectionID, deadline: Moment)
        case introducing(ConnectionID, deadline: Moment)
        case joined(ConnectionID, heard: Moment, silence: Span)
        /// The peer is leaving: no more connections.
        case ended
    }

    var state = State.waiting(until: Moment(nanoseconds: 0))
    /// Which of the configured managers is tried now.
    private(set) var index = 0
    private(set) var lastError: String?
    var allowance = RosterAllowance()
    private var failures: UInt64 = 0
    let managerCount: Int

    init(managerCount: Int) {
        self.managerCount = managerCount
    }

    var connection: ConnectionID? {
        switch state {
        case .waiting, .dialing, .ended: nil
        case .greeting(let connection, _), .introducing(let connection, _), .joined(let connection, _, _): connection
        }
    }

    var isJoined: Bool {
        if case .joined = state { true } else { false }
    }

    var hasEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// When something has to be done without any message.
    var deadline: Moment {
        switch state {
        case .waiting(let until): until
        case .dialing, .ended: .distantFuture
        case .greeting(_, let deadline), .introducing(_, let deadline): deadline
        case .joined(_, let heard, let silence): heard + silence
        }
    }

    mutating func joined(_ connection: ConnectionID, silence: Span, now: Moment) {
        state = .joined(connection, heard: now, silence: silence)
        failures = 0
        lastError = nil
    }

    /// Goes on to the next manager of the list.
    /// - Returns: the pause before it is tried.
    mutating func failed(
        _ reason: String, policy: PeerPolicy, now: Moment, random: inout some RandomNumberGenerator
    ) -> Span {
        let doubled = policy.reconnectFirst.nanoseconds << min(failures, 16)
        let longest = min(policy.reconnectMax.nanoseconds, doubled)
        let pause = Span(nanoseconds: UInt64.random(in: longest / 2...longest, using: &random))
        failures += 1
        index = (index + 1) % max(1, managerCount)
        lastError = reason
        state = .waiting(until: now + pause)
        return pause
    }
}
