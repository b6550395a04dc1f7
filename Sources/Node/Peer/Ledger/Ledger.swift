import Posix
import Reactor
import Storage

/// The state database, on a thread of its own: a transaction waits for the disk, and may not keep a transfer waiting.
final class Ledger {
    private let pool: WorkerPool<LedgerJob, PeerCompletion>
    private var underWay = 0
    /// Something is in the database's log and not in the database itself.
    private(set) var hasLog = false

    /// - Parameters as of `LedgerWorker`.
    init(statePath: String, partials: PartialStore, mailbox: Mailbox<PeerCompletion>) {
        pool = WorkerPool(count: 1, mailbox: mailbox) {
            let worker = LedgerWorker(statePath: statePath, partials: partials)
            return { .ledger(worker.perform($0)) }
        }
    }

    /// Jobs are done one after the other, in this order.
    func submit(_ job: LedgerJob) {
        underWay += 1
        if case .checkpoint = job { hasLog = false } else if job.isWrite { hasLog = true }
        pool.submit(job)
    }

    /// To be called for every completion.
    func completed() { underWay -= 1 }

    /// Everything that was submitted is done.
    var isIdle: Bool { underWay == 0 }

    /// - Returns: false if the thread is still at its job.
    func shutDown(waitingAtMost limit: UInt64) -> Bool { pool.shutDown(waitingAtMost: limit) }
}
