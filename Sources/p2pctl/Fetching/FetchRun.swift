import Control

/// Requests for several names on one connection: sent in order, so that they are queued in order, and answered as they
/// come. Holds only so many open at a time that the daemon has room for other clients'.
struct FetchRun {
    /// Of the 1,024 that a daemon takes.
    private static let openMax = 64

    /// What is told of a request.
    enum News {
        case event(ControlEvent)
        case done(ReqDone)
        case failed(ControlFailure)
    }

    private let names: [TypedName]
    private let calls: [ControlCall]
    private var open: [ControlID: Int] = [:]
    private var sent = 0

    /// - Parameters:
    ///   - names: what is asked for.
    ///   - calls: `req` or `wait` of each of them.
    init(_ names: [TypedName], _ calls: [ControlCall]) {
        self.names = names
        self.calls = calls
    }

    /// Returns when every request has ended. `tell` hears of each by its place in the list.
    mutating func run(
        _ client: inout ControlClient, _ interrupt: borrowing Interrupt,
        _ tell: (Int, News) throws(ControlFailure) -> Void
    ) throws(ControlFailure) {
        while sent < calls.count || !open.isEmpty {
            try fill(&client)
            guard case .answer(let answer) = try heard(&client, interrupt) else { continue }
            switch answer {
            case .event(let notification):
                if let index = open[notification.request] { try tell(index, .event(notification.event)) }
            case .unknownEvent: break
            case .result(let id, let done): if let index = open.removeValue(forKey: id) { try tell(index, .done(done)) }
            case .failure(nil, let failure): throw failure
            case .failure(let id?, let failure):
                if let index = open.removeValue(forKey: id) { try tell(index, .failed(failure)) }
            }
        }
    }

    private mutating func fill(_ client: inout ControlClient) throws(ControlFailure) {
        while sent < calls.count, open.count < FetchRun.openMax {
            open[try client.send(calls[sent])] = sent
            sent += 1
        }
    }

    private func heard(
        _ client: inout ControlClient, _ interrupt: borrowing Interrupt
    ) throws(ControlFailure) -> ControlClient.Heard<ReqDone> {
        do throws(ControlFailure) {
            return try client.next(ReqDone.self, interrupt)
        } catch {
            guard error.cause == .interrupted else { throw error }
            throw FetchRun.interrupted(open.values.sorted().map { names[$0] }, unasked: names[sent...].count)
        }
    }

    /// One request from its beginning to its end.
    static func one(
        _ name: TypedName, _ call: ControlCall, _ client: inout ControlClient, _ interrupt: borrowing Interrupt,
        _ onEvent: (ControlEvent) throws(ControlFailure) -> Void
    ) throws(ControlFailure) -> ReqDone {
        do throws(ControlFailure) {
            return try client.converse(call, ReqDone.self, interrupt, onEvent)
        } catch {
            throw error.cause == .interrupted ? interrupted([name]) : error
        }
    }

    /// - Parameters:
    ///   - names: those that the daemon goes on fetching.
    ///   - unasked: how many it has not heard of.
    static func interrupted(_ names: [TypedName], unasked: Int = 0) -> ControlFailure {
        let rest = unasked == 0 ? "" : " \(unasked) more had not been asked for."
        guard names.count == 1, let name = names.first else {
            return ControlFailure(
                .interrupted,
                "interrupted; the daemon goes on fetching \(names.count) of them, see p2pctl downloads.\(rest) To give "
                    + "one up: p2pctl cancel NAME")
        }
        return ControlFailure(
            .interrupted,
            "interrupted; the daemon goes on fetching \(name.text).\(rest) To give it up: p2pctl cancel "
                + ShellText.argument(name.text))
    }
}
