import Control

/// Asks the daemon, and reads what it says meanwhile.
struct ControlClient: ~Copyable {
    /// For what the daemon answers without waiting for anybody.
    private static let answerSeconds = 30

    private var connection: ControlConnection
    private var lastID = 0

    init(_ connection: consuming ControlConnection) {
        self.connection = connection
    }

    /// What a wait for the daemon brought.
    enum Heard<Result: Decodable> {
        case answer(ControlAnswer<Result>)
        /// Nothing yet, but the other descriptor takes bytes.
        case writable
    }

    /// Asks something that the daemon answers at once.
    mutating func ask<Result: Decodable>(_ call: ControlCall, _ type: Result.Type) throws(ControlFailure) -> Result {
        try converse(call, type, Interrupt(catching: false), seconds: ControlClient.answerSeconds) { _ in }
    }

    /// Asks something that takes as long as it takes, and hands on what is told meanwhile.
    mutating func converse<Result: Decodable>(
        _ call: ControlCall, _ type: Result.Type, _ interrupt: borrowing Interrupt, seconds: Int? = nil,
        _ onEvent: (ControlEvent) throws(ControlFailure) -> Void
    ) throws(ControlFailure) -> Result {
        let id = try send(call)
        while true {
            guard case .answer(let answer) = try next(type, interrupt, seconds: seconds) else { continue }
            switch answer {
            case .event(let notification): if notification.request == id { try onEvent(notification.event) }
            case .unknownEvent: break
            case .result(let answered, let result): if answered == id { return result }
            case .failure(let answered, let failure): if answered == id || answered == nil { throw failure }
            }
        }
    }

    /// Sends a request; `next` brings its answer.
    mutating func send(_ call: ControlCall) throws(ControlFailure) -> ControlID {
        lastID += 1
        try connection.send(ControlLine.request(ControlRequest(id: .number(lastID), call: call)))
        return .number(lastID)
    }

    /// Waits for the daemon's next word, whichever request it belongs to.
    /// - Parameters:
    ///   - seconds: nil waits without end.
    ///   - writable: another descriptor that ends the wait when it takes bytes.
    mutating func next<Result: Decodable>(
        _ type: Result.Type, _ interrupt: borrowing Interrupt, seconds: Int? = nil, writable: Int32? = nil
    ) throws(ControlFailure) -> Heard<Result> {
        let path = connection.path
        switch try connection.next(seconds: seconds, interrupt: interrupt, writable: writable) {
        case .line(let line):
            do {
                return .answer(try ControlAnswer(line: line))
            } catch {
                throw ControlFailure(.unreachable, "\(path): \(error); is it the socket of a p2pd peer?")
            }
        case .writable: return .writable
        case .ended:
            throw ControlFailure(
                .unreachable, "\(path): the daemon ended or closed the connection before it answered; its log says why")
        case .interrupted: throw ControlFailure(.interrupted, "interrupted")
        case .silent:
            throw ControlFailure(.unreachable, "\(path): the daemon has not answered for \(seconds ?? 0) seconds")
        }
    }

    /// Waits until the daemon is gone.
    /// - Returns: false if it still holds the connection after a while.
    mutating func waitForEnd(seconds: Int) -> Bool {
        let interrupt = Interrupt(catching: false)
        while true {
            guard let arrival = try? connection.next(seconds: seconds, interrupt: interrupt) else { return false }
            switch arrival {
            case .line, .writable: continue
            case .ended: return true
            case .interrupted, .silent: return false
            }
        }
    }
}
