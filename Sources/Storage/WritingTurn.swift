import Synchronization

/// Whose turn it is to write to a file, or to make files in a directory. The kernel lets one thread at a time do either,
/// and a second spins meanwhile, which cost a fetching peer a seventh of its processor time: here it sleeps, and leaves
/// the processor to those who have something to do.
final class WritingTurn<State: Sendable>: Sendable {
    private let turn: Mutex<State>

    /// - Parameter state: what only those whose turn it is know and change.
    init(_ state: State) {
        turn = Mutex(state)
    }

    func withLock<R: Sendable, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        try turn.withLock { state throws(E) in try body(&state) }
    }

    /// - Returns: nil, at once, while somebody writes.
    func withLockIfAvailable<R: Sendable>(_ body: (inout State) -> R) -> R? {
        turn.withLockIfAvailable { body(&$0) }
    }
}
