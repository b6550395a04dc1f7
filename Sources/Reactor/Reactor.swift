import Posix

/// One thread, one epoll instance, and everything that waits on it.
///
/// The order of one tick is fixed:
///  1. wait until a descriptor is ready, the next timer is due, or a completion is posted;
///  2. descriptors, in the order the kernel names them; one that was closed earlier in this tick is passed over;
///  3. completions that workers posted;
///  4. timers that are due; one that is set meanwhile fires in the next tick at the earliest, so that a handler that
///     sets timers in the past delays nothing else;
///  5. `endOfTick`, in which handlers flush what the tick produced;
///  6. deferred closes: only now are the descriptors of this tick's closed registrations given back to the kernel, so
///     that no number is used again while events of its old owner may still be in hand.
///
/// Invariant: an event reaches only the registration it was reported for.
public final class Reactor<Completion: Sendable> {
    private static var eventsPerTickMax: Int { 512 }

    /// The tick's time: nanoseconds on the monotonic clock, read once after waiting.
    public private(set) var now: UInt64
    public let mailbox: Mailbox<Completion>
    /// How long ticks took, from the end of one wait to the beginning of the next.
    public private(set) var tickTimes = TickHistogram()

    private let poll: EventPoll
    private let signals: SignalDescriptor
    private var registrations = SlotMap<Registration>()
    private var timers = TimerQueue()
    private var closing: [ClosingDescriptor] = []
    private var running = false
    private var mustNotWait = false
    private let mailboxToken: Token
    private let signalToken: Token

    /// - Parameter signals: taken from their default action and handed to the handler.
    public init(signals taken: [Int32] = []) throws(SystemError) {
        poll = try EventPoll(capacity: Self.eventsPerTickMax)
        mailbox = try Mailbox()
        signals = try SignalDescriptor(taken)
        now = MonotonicClock.nanoseconds()
        mailboxToken = registrations.insert(Registration(descriptor: mailbox.descriptor, mask: .readable))
        signalToken = registrations.insert(Registration(descriptor: signals.rawValue, mask: .readable))
        try poll.add(mailbox.descriptor, .readable, token: mailboxToken.rawValue)
        try poll.add(signals.rawValue, .readable, token: signalToken.rawValue)
    }

    // MARK: Descriptors

    /// Watches `descriptor`, which stays the caller's until it is handed to `close`.
    public func register(_ descriptor: Int32, _ mask: EventPoll.Mask) throws(SystemError) -> Token {
        let token = registrations.insert(Registration(descriptor: descriptor, mask: mask))
        do throws(SystemError) {
            try poll.add(descriptor, mask, token: token.rawValue)
        } catch {
            registrations[token] = nil
            throw error
        }
        return token
    }

    /// Changes what is watched for; nothing happens for a token that is closed or a mask that is set already.
    public func watch(_ token: Token, _ mask: EventPoll.Mask) {
        guard var registration = registrations[token], registration.mask != mask else { return }
        registration.mask = mask
        registrations[token] = registration
        // The descriptor is open and registered, so this cannot fail but for want of kernel memory.
        try? poll.modify(registration.descriptor, mask, token: token.rawValue)
    }

    /// Ends a registration at once and the descriptor's life at the end of the tick.
    public func close(_ token: Token, _ descriptor: consuming FileDescriptor?) {
        guard let descriptor = consume descriptor else { return }
        if registrations[token] != nil {
            registrations[token] = nil
            try? poll.remove(descriptor.rawValue)
        }
        closing.append(ClosingDescriptor(descriptor))
    }

    // MARK: Timers

    /// - Parameter deadline: nanoseconds on the monotonic clock; never fires before it.
    public func setTimer(at deadline: UInt64) -> TimerID { timers.add(deadline: deadline) }

    public func cancelTimer(_ timer: TimerID) { timers.cancel(timer) }

    // MARK: Running

    /// Ticks until `stop`.
    public func run<H: ReactorHandler>(_ handler: H) throws(SystemError) where H.Completion == Completion {
        running = true
        while running { try tick(handler) }
    }

    public func stop() { running = false }

    /// Makes the next tick begin without waiting: somebody has work left that no event will announce.
    public func tickAgain() { mustNotWait = true }

    /// One tick, as described above.
    /// - Parameter waitingAtMost: nanoseconds; nil waits for the next event or timer.
    public func tick<H: ReactorHandler>(
        _ handler: H, waitingAtMost limit: UInt64? = nil
    ) throws(SystemError) where H.Completion == Completion {
        let count = try poll.wait(timeoutNanoseconds: mustNotWait ? 0 : timeout(limit))
        mustNotWait = false
        let start = MonotonicClock.nanoseconds()
        now = start
        for index in 0..<count {
            let event = poll.event(at: index)
            dispatch(Token(rawValue: event.token), event.mask, handler)
        }
        for completion in mailbox.drain() { handler.completed(completion) }
        fireTimers(handler)
        handler.endOfTick()
        closing.removeAll(keepingCapacity: true)
        if count > 0 { tickTimes.record(nanoseconds: MonotonicClock.nanoseconds() - start) }
    }

    private func dispatch<H: ReactorHandler>(
        _ token: Token, _ mask: EventPoll.Mask, _ handler: H
    ) where H.Completion == Completion {
        switch token {
        case mailboxToken: mailbox.clear()
        case signalToken: while let signal = signals.next() { handler.received(signal: signal) }
        default: if registrations[token] != nil { handler.ready(token, mask) }
        }
    }

    private func fireTimers<H: ReactorHandler>(_ handler: H) where H.Completion == Completion {
        guard let newest = timers.newest else { return }
        while let timer = timers.popDue(now: now, upTo: newest) { handler.fired(timer) }
    }

    private func timeout(_ limit: UInt64?) -> UInt64? {
        guard let deadline = timers.nextDeadline() else { return limit }
        let current = MonotonicClock.nanoseconds()
        let wait = deadline > current ? deadline - current : 0
        return min(wait, limit ?? wait)
    }
}

/// What is watched. Not nested in the reactor: there it would be generic too, and each look-up would first have to look
/// up its type.
private struct Registration {
    let descriptor: Int32
    var mask: EventPoll.Mask
}

/// Holds a descriptor until the tick ends; arrays do not take values that cannot be copied.
private final class ClosingDescriptor {
    private let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }
}
