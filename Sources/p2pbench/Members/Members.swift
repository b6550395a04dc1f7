import Content
import Posix
import Reactor

/// Many peers of one manager that do nothing but join, listen and leave: a connection each, on one reactor.
///
/// All are to hold the same roster: `expected`. It changes with every join and leave here, and whoever holds it is
/// informed; when that comes about is measured.
final class Members: ReactorHandler {
    typealias Completion = Never

    /// Connections being opened at one time: a quarter of a listen backlog.
    private static let dialsMax = 1024

    private let manager: PeerAddress
    private let reactor: Reactor<Never>
    private let doorbell: Doorbell
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    /// By the slots of their tokens.
    private var members: [Member?] = []
    /// The oldest first.
    private var joined: [Member] = []
    private var random = SystemRandomNumberGenerator()
    private var expected = RosterSketch()
    private var toDial = 0
    private var dialing = 0
    /// New peers say so as soon as they are connected; else with `introduce`.
    private var isHasty = true
    private var started: UInt64 = 0
    private(set) var informed = 0
    /// From the start until a member was informed, for each.
    private(set) var delays: [UInt64] = []
    private(set) var failure: String?

    init(of manager: PeerAddress) throws(SystemError) {
        self.manager = manager
        reactor = try Reactor()
        doorbell = try Doorbell(on: reactor)
    }

    deinit { buffer.deallocate() }

    var count: Int { joined.count }
    /// Everybody is connected.
    var isConnected: Bool { toDial == 0 && dialing == 0 }
    /// Everybody has joined and holds the whole roster.
    var isSettled: Bool { isConnected && informed == count }

    // MARK: Joining and leaving

    /// More peers join, in one burst; the clock starts now.
    func join(_ number: Int) throws(SystemError) {
        isHasty = true
        start()
        try dial(number)
    }

    /// One more peer connects, and waits for `introduce`.
    func connect() throws(SystemError) {
        isHasty = false
        try dial(1)
    }

    /// The last that was connected joins; the clock starts now.
    func introduce() throws(MemberError) {
        guard let member = joined.last, member.state == .connected else { return }
        start()
        expected.add(member.id)
        try member.introduce(port: doorbell.port)
    }

    /// The one that joined first leaves.
    func leave() throws(MemberError) {
        guard !joined.isEmpty else { return }
        let member = joined.removeFirst()
        expected.remove(member.id)
        if member.isInformed { informed -= 1 }
        try member.leave()
        members[Int(member.token.slot)] = nil
        reactor.close(member.token, member.takeSocket())
    }

    /// Looks anew who holds the roster.
    func countInformed() {
        informed = 0
        for member in joined {
            member.isInformed = member.state == .joined && member.reader.sketch == expected
            informed += member.isInformed ? 1 : 0
        }
    }

    private func start() {
        for member in joined { member.isInformed = false }
        informed = 0
        delays.removeAll(keepingCapacity: true)
        started = MonotonicClock.nanoseconds()
    }

    private func dial(_ number: Int) throws(SystemError) {
        toDial += number
        while toDial > 0, dialing < Self.dialsMax {
            let socket = try TCPSocket.connect(to: SocketAddress(manager))
            let token = try reactor.register(socket.rawValue, .writable)
            let member = Member(.random(using: &random), socket, token)
            while members.count <= Int(token.slot) { members.append(nil) }
            members[Int(token.slot)] = member
            joined.append(member)
            if isHasty { expected.add(member.id) }
            toDial -= 1
            dialing += 1
        }
    }

    // MARK: Running

    /// Ticks until a condition holds.
    /// - Parameter seconds: at most so many, or the result is false.
    func run(atMost seconds: Double, until isDone: () -> Bool) throws -> Bool {
        let deadline = MonotonicClock.nanoseconds() + UInt64(seconds * 1e9)
        while !isDone() {
            if let failure { throw MembersError(failure: failure) }
            let now = MonotonicClock.nanoseconds()
            if now >= deadline { return false }
            try reactor.tick(self, waitingAtMost: min(deadline - now, 100_000_000))
        }
        return true
    }

    func ready(_ token: Token, _ mask: EventPoll.Mask) {
        if token == doorbell.token { return answer() }
        guard Int(token.slot) < members.count, let member = members[Int(token.slot)] else { return }
        do throws(MemberError) {
            switch member.state {
            case .dialing: try connected(member)
            case .connected, .joined: try read(member)
            }
        } catch {
            failure = "\(error)"
        }
    }

    private func answer() {
        do throws(SystemError) { try doorbell.answer() } catch { failure = "\(error)" }
    }

    private func connected(_ member: Member) throws(MemberError) {
        if let error = member.dialError(manager) { throw .system(error) }
        reactor.watch(member.token, .readable)
        member.state = .connected
        dialing -= 1
        if isHasty { try member.introduce(port: doorbell.port) }
        do throws(SystemError) { try dial(0) } catch { throw .system(error) }
    }

    private func read(_ member: Member) throws(MemberError) {
        try member.read(buffer)
        guard !member.isInformed, member.reader.sketch == expected else { return }
        member.isInformed = true
        informed += 1
        delays.append(MonotonicClock.nanoseconds() - started)
    }

    func completed(_ completion: Never) {}
    func fired(_ timer: TimerID) {}
    func received(signal: Int32) {}
    func endOfTick() {}
}

struct MembersError: Error, CustomStringConvertible {
    let failure: String

    var description: String { failure }
}

extension RosterSketch {
    mutating func add(_ id: PeerID) { add(high: id.high, low: id.low) }
    mutating func remove(_ id: PeerID) { remove(high: id.high, low: id.low) }
}
