import Content
import DequeModule
import Logging
import PeerCore
import Posix
import Reactor
import Storage

/// Hashing shared files again, to find those whose bytes have rotted on the disk.
extension PeerNode {
    /// Begins to verify files; both calls come later, from the reactor's thread.
    /// - Parameters:
    ///   - names: of files.
    ///   - directories: below which all are meant that are offered, and those that were found rotten; nil is the share.
    ///   - each: for every file, in the order of the names if there is nothing else to do.
    ///   - done: after the last; not if it is cancelled.
    @discardableResult
    func verify(
        _ names: [ShareName], below directories: [ShareName?] = [], each: @escaping (ShareName, FileVerdict) -> Void,
        done: @escaping () -> Void
    ) -> VerificationID {
        let rotten = directories.flatMap { indexer.rottenNames(below: $0) }
        let id = verifications.add(
            .init(names: Deque(names + rotten), directories: Deque(directories), each: each, done: done))
        // Later: whoever asked may have to note the number first.
        verifyTimer = verifyTimer ?? reactor.setTimer(at: reactor.now)
        return id
    }

    func cancelVerification(_ id: VerificationID) { verifications.cancel(id) }

    func continueVerifying() {
        verifyTimer = nil
        while let (id, name) = verifications.next(machine.offered) { verify(name, for: id) }
        for run in verifications.takeEnded() { run.done() }
    }

    private func verify(_ name: ShareName, for id: VerificationID) {
        if let file = machine.offered[name] ?? indexer.rotten(name), let step = VerifyStep(IndexedFile(file)) {
            return workers.submit(.verify(id, step), isUrgent: false)
        }
        verifications.finished(id, name, indexer.notOffered(name))
    }

    func verified(_ id: VerificationID, _ file: IndexedFile, _ result: Result<VerifyStep.Outcome, SystemError>) {
        switch result {
        case .success(.more(let step)):
            guard verifications[id] == nil else { return workers.submit(.verify(id, step), isUrgent: false) }
            verifications.finished(id, file.name, .ok)
        case .success(.done(let verdict, let identity)):
            conclude(verdict, file, identity)
            verifications.finished(id, file.name, FileVerdict(verdict, file))
        case .failure(let error): verifications.finished(id, file.name, .unreadable("\(error)"))
        }
        continueVerifying()
    }

    private func conclude(_ verdict: VerifyStep.Verdict, _ file: IndexedFile, _ identity: FileIdentity?) {
        switch verdict {
        case .ok: if let identity { indexer.restored(file, identity, at: reactor.now) }
        case .rotten: if isKnown(file) { withdrawRotten(file) }
        case .changed, .missing: if isKnown(file) { indexer.again(file.name, machine.offered, at: reactor.now) }
        }
        continueIndexing()
    }

    /// It is still what was verified: another version may have been indexed or fetched meanwhile.
    private func isKnown(_ file: IndexedFile) -> Bool {
        machine.offered[file.name]?.root == file.root
    }

    private func withdrawRotten(_ file: IndexedFile) {
        logger.error(
            "a shared file has rotted on the disk and is not offered any more", metadata: ["name": "\(file.name)"])
        indexer.rotted(SharedFile(file), at: reactor.now)
    }
}

extension FileVerdict {
    fileprivate init(_ verdict: VerifyStep.Verdict, _ file: IndexedFile) {
        switch verdict {
        case .ok: self = .ok
        case .rotten(let good): self = .rotten(file, good: good)
        case .changed: self = .changed
        case .missing: self = .missing
        }
    }
}
