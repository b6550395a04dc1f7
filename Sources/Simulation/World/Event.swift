import Content
import PeerCore

/// One life of a node's process: what was planned for another one does not happen.
struct Life: Hashable {
    /// 0 is the manager.
    let node: Int
    let number: Int
}

/// What is planned to happen.
enum Event {
    /// Something may have come through a pipe, from the end named.
    case arrival(Pipe, from: Pipe.Side)
    /// A dial has reached where it goes, or would have.
    case knock(Life, Dial, node: Int)
    /// What the dialing end hears of it.
    case dialed(Pipe, Dial)
    case dialFailed(Life, Dial, reason: String)
    case accepted(Pipe)

    /// The manager has connected back to a peer, or could not.
    case probed(Life, ConnectionID, failure: String?)

    case wake(Life)
    case disk(Life, DiskJob)
    case ledger(Life, LedgerJob)
    /// What a worker has done comes to the machine.
    case told(Life, PeerInput)
    /// The next part of a piece has gone out.
    case sent(Life, ConnectionID)
    case sweepUploads(Life)

    case client(Life)
    /// A file that was changed has been quiet for a while.
    case settled(Life, ShareName)
    case indexed(Life)

    case fault(Feature)
    case recovery(Recovery)
    case departure(Departure)
    case phase

    /// Whose process it happens to, if it is one's.
    var life: Life? {
        switch self {
        case .arrival, .fault, .recovery, .departure, .phase, .knock: nil
        case .dialed(let pipe, _): pipe.ends[0].life
        case .accepted(let pipe): pipe.ends[1].life
        case .dialFailed(let life, _, _), .probed(let life, _, _), .wake(let life), .disk(let life, _),
            .ledger(let life, _), .told(let life, _),
            .sent(let life, _), .sweepUploads(let life), .client(let life), .settled(let life, _), .indexed(let life):
            life
        }
    }
}

/// The end of a fault.
enum Recovery {
    case start(node: Int)
    case resume(node: Int)
    case heal(Int, Int)
    case speedUp(node: Int)
    case empty(node: Int)
}
