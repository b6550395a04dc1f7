import Synchronization

/// Whose turn it is to make files among the partial files. The kernel lets one thread at a time make a file in a directory,
/// and a second spins meanwhile: here it sleeps, and leaves the processor to those who have something to do.
final class StagingTurn: Sendable {
    private let turn = Mutex(())

    func withLock<R>(_ body: () -> R) -> R {
        turn.withLock { _ in body() }
    }
}
