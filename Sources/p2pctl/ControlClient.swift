import Control

/// Asks the daemon one thing at a time and reads what it says meanwhile.
struct ControlClient: ~Copyable {
    /// For what the daemon answers without waiting for anybody.
    private static let answerSeconds = 30

    private var connection: ControlConnection
    private var lastID = 0

    init(_ connection: consuming ControlConnection) {
        self.connection = connection
    }

    /// Asks something that the daemon answers at once.
    mutating func ask<Result: Decodable>(_ call: ControlCall, _ type: Result.Type) throws(ControlFailure) -> Result {
        let id = try send(call)
        return try answer(id, Interrupt(catching: false), seconds: ControlClient.answerSeconds) { _ in }
    }

    /// Asks for a file, which takes as long as it takes; Ctrl-C ends the wait, not the download.
    mutating func fetch(
        _ params: ReqParams, _ onEvent: (ControlEvent) throws(ControlFailure) -> Void
    ) throws(ControlFailure) -> ReqDone {
        let interrupt = Interrupt(catching: true)
        let id = try send(.req(params))
        do throws(ControlFailure) {
            return try answer(id, interrupt, seconds: nil, onEvent)
        } catch {
            guard error.cause == .interrupted else { throw error }
            let name = params.name.path
            throw ControlFailure(
                .interrupted,
                "interrupted; the daemon goes on fetching \(name). To give it up: p2pctl cancel "
                    + ShellText.argument(name))
        }
    }

    /// Waits until the daemon is gone.
    /// - Returns: false if it still holds the connection after a while.
    mutating func waitForEnd(seconds: Int) -> Bool {
        let interrupt = Interrupt(catching: false)
        while true {
            guard let arrival = try? connection.next(seconds: seconds, interrupt: interrupt) else { return false }
            switch arrival {
            case .line: continue
            case .ended: return true
            case .interrupted, .silent: return false
            }
        }
    }

    private mutating func send(_ call: ControlCall) throws(ControlFailure) -> ControlID {
        lastID += 1
        try connection.send(ControlLine.request(ControlRequest(id: .number(lastID), call: call)))
        return .number(lastID)
    }

    private mutating func answer<Result: Decodable>(
        _ id: ControlID, _ interrupt: borrowing Interrupt, seconds: Int?,
        _ onEvent: (ControlEvent) throws(ControlFailure) -> Void
    ) throws(ControlFailure) -> Result {
        while true {
            switch try read(Result.self, interrupt, seconds: seconds) {
            case .event(let notification):
                if notification.request == id { try onEvent(notification.event) }
            case .unknownEvent: break
            case .result(let answered, let result):
                if answered == id { return result }
            case .failure(let answered, let failure):
                if answered == id || answered == nil { throw failure }
            }
        }
    }

    private mutating func read<Result: Decodable>(
        _ type: Result.Type, _ interrupt: borrowing Interrupt, seconds: Int?
    ) throws(ControlFailure) -> ControlAnswer<Result> {
        let path = connection.path
        switch try connection.next(seconds: seconds, interrupt: interrupt) {
        case .line(let line):
            do {
                return try ControlAnswer(line: line)
            } catch {
                throw ControlFailure(.unreachable, "\(path): \(error); is it the socket of a p2pd peer?")
            }
        case .ended:
            throw ControlFailure(
                .unreachable, "\(path): the daemon ended or closed the connection before it answered; its log says why")
        case .interrupted: throw ControlFailure(.interrupted, "interrupted")
        case .silent:
            throw ControlFailure(.unreachable, "\(path): the daemon has not answered for \(seconds ?? 0) seconds")
        }
    }
}
