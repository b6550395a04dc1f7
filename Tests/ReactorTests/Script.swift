import Foundation
import Posix
import Testing

@testable import Reactor

/// A handler that a test writes on the spot, and a record of what it was called for.
final class Script: ReactorHandler {
    enum Call: Equatable {
        case ready(Token)
        case completed(Int)
        case fired(TimerID)
        case signal(Int32)
        case endOfTick
    }

    var calls: [Call] = []
    var onReady: (Token, EventPoll.Mask) -> Void = { _, _ in }
    var onFired: (TimerID) -> Void = { _ in }
    var onEndOfTick: () -> Void = {}

    /// Without the ends of ticks.
    var events: [Call] { calls.filter { $0 != .endOfTick } }

    func ready(_ token: Token, _ mask: EventPoll.Mask) {
        calls.append(.ready(token))
        onReady(token, mask)
    }

    func completed(_ completion: Int) { calls.append(.completed(completion)) }

    func fired(_ timer: TimerID) {
        calls.append(.fired(timer))
        onFired(timer)
    }

    func received(signal: Int32) { calls.append(.signal(signal)) }

    func endOfTick() {
        calls.append(.endOfTick)
        onEndOfTick()
    }
}

/// Two connected, nonblocking stream sockets. `near` is for a reactor to own; `far` is closed with this value.
final class Pair {
    let near: Int32
    let far: FileDescriptor

    init() throws {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(O_NONBLOCK)
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        near = ends[0]
        far = FileDescriptor(owning: ends[1])
    }

    func write(_ text: String = "x") {
        _ = text.withCString { Foundation.write(far.rawValue, $0, text.utf8.count) }
    }

    /// Whether the near end is still open: a closed one reads as the end of the stream, or as a reset.
    var nearIsOpen: Bool {
        var byte: UInt8 = 0
        let count = recv(far.rawValue, &byte, 1, Int32(truncatingIfNeeded: Int(MSG_PEEK)))
        return count > 0 || (count < 0 && errno == EAGAIN)
    }
}

/// Reads what there is, and says how much that was.
@discardableResult
func drain(_ descriptor: Int32) -> Int {
    var block = [UInt8](repeating: 0, count: 4096)
    var total = 0
    while true {
        let count = read(descriptor, &block, block.count)
        guard count > 0 else { return total }
        total += count
    }
}

extension Reactor {
    /// Ticks that have nothing to wait for.
    func spin<H: ReactorHandler>(_ handler: H, _ count: Int = 1) throws where H.Completion == Completion {
        for _ in 0..<count { try tick(handler, waitingAtMost: 0) }
    }
}
