import Glibc
import Posix
import Synchronization

/// Completions on their way from workers to the reactor: any thread posts, the reactor's thread drains.
public final class Mailbox<Completion: Sendable>: Sendable {
    private let posted = Mutex<[Completion]>([])
    private let counter: EventCounter

    init() throws(SystemError) {
        counter = try EventCounter()
    }

    var descriptor: Int32 { counter.rawValue }

    /// Wakes the reactor if nothing had been posted since it last drained.
    public func post(_ completion: sending Completion) {
        let wasEmpty = posted.withLock { queue in
            queue.append(completion)
            return queue.count == 1
        }
        if wasEmpty { counter.signal() }
    }

    func clear() { counter.clear() }

    func drain() -> [Completion] {
        posted.withLock { queue in
            guard !queue.isEmpty else { return [] }
            let all = queue
            queue.removeAll(keepingCapacity: false)
            return all
        }
    }
}
