import Content
import Control
import PeerCore
import Storage

/// `verify`: each file is told as soon as it has been hashed, and the counts at the end.
extension PeerNode {
    /// Each holds up to a thousand names; more at once would only take turns at the disk.
    private static let verifiesMax = 64

    func verify(_ params: VerifyParams, _ id: ControlID, _ client: ControlClientID) {
        if let refusal = refusal(of: params) { return control.send(ControlLine.failure(id, refusal), to: client) }
        let tally = VerifyTally()
        let directories = params.names.filter(\.isTree).map(\.name)
        for directory in directories where !hasFiles(below: directory) {
            let event = VerifiedEvent(name: "\(directory)/", result: .missing, message: "no file below it is shared")
            tell(tally.add(event, bytes: 0), id, client)
        }
        let run = verify(
            params.names.filter { !$0.isTree }.map(\.name), below: params.names.isEmpty ? [nil] : directories
        ) { [weak self] name, verdict in
            guard let self else { return }
            if params.repair, case .rotten(let file, let good) = verdict {
                return self.repair(file, bad: good.complement, for: tally, id, client)
            }
            if case .notIndexed = verdict, self.hasFiles(below: name) {
                let advice = "it is a directory: name it \(name)/, and the files below it are verified"
                return self.tell(
                    tally.add(VerifiedEvent(name: name.path, result: .missing, message: advice), bytes: 0), id, client)
            }
            self.tell(tally.add(name, verdict, length: self.machine.offered[name]?.root.length), id, client)
        } done: { [weak self] in
            self?.verifies[client]?.remove(tally.run)
            self?.control.send(ControlLine.reply(id, tally.reply), to: client)
        }
        tally.run = run
        verifies[client, default: []].insert(run)
    }

    private func hasFiles(below directory: ShareName) -> Bool {
        !machine.offered.files(below: directory, limit: 1).isEmpty || !indexer.unsettled.names(below: directory).isEmpty
    }

    private func refusal(of params: VerifyParams) -> ControlFailure? {
        guard verifies.values.reduce(0, { $0 + $1.count }) < Self.verifiesMax else {
            return ControlFailure(.busy, "\(Self.verifiesMax) requests to verify are running; try again later")
        }
        return nil
    }

    func tell(_ event: VerifiedEvent, _ id: ControlID, _ client: ControlClientID) {
        control.send(ControlLine.notification(ControlNotification(request: id, event: .verified(event))), to: client)
    }

    /// Nobody listens any more.
    func forgetVerifies(_ client: ControlClientID) {
        for run in verifies.removeValue(forKey: client) ?? [] { cancelVerification(run) }
    }
}

/// The counts of one `verify`.
final class VerifyTally {
    var run = VerificationID(rawValue: 0)
    private(set) var reply = VerifyReply.none

    /// - Parameter length: of a file that is offered.
    func add(_ name: ShareName, _ verdict: FileVerdict, length: UInt64?) -> VerifiedEvent {
        add(VerifiedEvent(name, verdict), bytes: verdict.isHashed ? verdict.length ?? length ?? 0 : 0)
    }

    /// - Parameter bytes: that were hashed.
    func add(_ event: VerifiedEvent, bytes: UInt64) -> VerifiedEvent {
        reply = reply + VerifyReply(event.result, bytes: bytes)
        return event
    }
}

extension FileVerdict {
    fileprivate var isHashed: Bool {
        switch self {
        case .ok, .rotten: true
        case .changed, .missing, .unreadable, .indexing, .notIndexed: false
        }
    }

    fileprivate var length: UInt64? {
        if case .rotten(let file, _) = self { file.root.length } else { nil }
    }
}

extension VerifiedEvent {
    fileprivate init(_ name: ShareName, _ verdict: FileVerdict) {
        switch verdict {
        case .ok: self.init(name: name.path, result: .ok)
        case .rotten(_, let good):
            self.init(
                name: name.path, result: .rotten, badPieces: good.complement.count,
                message: "its bytes are not what was indexed; it is not offered any more")
        case .changed:
            self.init(name: name.path, result: .changed, message: "it was written to, and is being indexed again")
        case .missing: self.init(name: name.path, result: .missing, message: "it is not in the share any more")
        case .unreadable(let why): self.init(name: name.path, result: .error, message: why)
        case .indexing(let why): self.init(name: name.path, result: .indexing, message: why)
        case .notIndexed(let why): self.init(name: name.path, result: .missing, message: why)
        }
    }
}

extension VerifyReply {
    /// One file.
    fileprivate init(_ result: VerifiedEvent.Result, bytes: UInt64) {
        let count = { (results: VerifiedEvent.Result...) in results.contains(result) ? 1 : 0 }
        self.init(
            files: 1, bytes: bytes, ok: count(.ok), rotten: count(.rotten), repaired: count(.repaired),
            changed: count(.changed), indexing: count(.indexing), errors: count(.missing, .error))
    }
}
