import Content
import Control
import PeerCore
import Storage

/// `verify --repair`: what was found rotten is fetched from others, as far as it is bad, and told when that has ended.
extension PeerNode {
    /// How long a repair waits without a holder until it is told to have failed.
    private static let repairTimeout = Span.seconds(30)

    func repair(
        _ file: IndexedFile, bad: PieceSet, for tally: VerifyTally, _ id: ControlID, _ client: ControlClientID
    ) {
        verifications.hold(tally.run)
        // That it is rotten has to outlive this daemon before the repair does.
        if keepsRows { writeRows() }
        let request = watch.add(.init(client: client, id: id, name: file.name, purpose: .repair(tally, file, bad: bad)))
        let rot = Rot(root: file.root, layer: file.layer, bad: bad)
        feed(.wish(request, .repairing(file.name, rot, timeout: Self.repairTimeout)))
    }

    /// - Parameter failure: nil if the file is whole again.
    func repaired(_ request: RequestID, _ failure: ControlFailure?) {
        guard let watcher = watch.remove(request), case .repair(let tally, let file, let bad) = watcher.purpose else {
            return
        }
        let event = VerifiedEvent(
            name: file.name.path, result: failure == nil ? .repaired : .rotten, badPieces: bad.count,
            message: failure.map { "it was not repaired: \($0.message)" })
        tell(tally.add(event, bytes: file.root.length), watcher.id, watcher.client)
        verifications.release(tally.run)
        continueVerifying()
    }
}
