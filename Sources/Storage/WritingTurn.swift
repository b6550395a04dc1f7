import Synchronization

/// Whose turn it is to write to a file, or to make files in a directory. The kernel lets one thread at a time do either,
/// and a second spins meanwhile, which cost a fetching peer a seventh of its processor time: here it sleeps, and leaves
/// the processor to those who have something to do.
final class WritingTurn: Sendable {
    private let turn = Mutex(())

    func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        try turn.withLock { _ throws(E) in try body() }
    }
}
