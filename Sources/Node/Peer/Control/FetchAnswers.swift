import Content
import Control
import PeerCore

/// What the machine says of requests about downloads, for the clients that asked.
extension PeerNode {
    func tell(_ request: RequestID, _ found: FileFound) {
        guard let watcher = watch[request], case .fetch = watcher.purpose else { return }
        let event = FoundEvent(
            name: found.name.path, root: found.root.digest.hex, length: found.length,
            holders: found.holders.map(\.description))
        control.send(
            ControlLine.notification(ControlNotification(request: watcher.id, event: .found(event))), to: watcher.client
        )
    }

    func tell(_ request: RequestID, _ result: FetchResult) {
        if case .repair = watch[request]?.purpose { return repaired(request, nil) }
        if result.files?.isWhole == true { indexer.endFragments(from: result.name) }
        let done = ReqDone(
            name: result.name.path, root: result.root.digest.hex, length: result.length,
            seconds: result.took.seconds, received: result.received, already: result.already,
            backup: result.backup?.path,
            holders: result.holders.map(Control.HolderBytes.init), files: result.files.map(TreeCounts.init))
        answer(request, done)
    }

    /// The download goes on without its client.
    func tellAccepted(_ request: RequestID, _ id: DownloadID) {
        guard let status = machine.downloadStatuses.first(where: { $0.id == id }) else { return }
        let done = ReqDone(
            name: status.name.path, state: status.state == .queued ? .queued : .fetching, root: status.root.digest.hex,
            length: status.kind == .tree && status.length == 0 ? nil : status.length, seconds: 0, already: false,
            holders: machine.holders(of: id).map(Control.HolderBytes.init))
        answerWhenDurable(request, done) { DueAnswer.Begun(download: id, id: $0, done: done) }
    }

    func tell(_ request: RequestID, _ failure: FetchFailure) {
        guard let watcher = watch[request] else { return }
        let shown = watcher.name.map { TypedName($0, isTree: watcher.isTree).text }
        let text = failure.text(for: shown ?? "the downloads", own: settings.listen)
        if case .repair = watcher.purpose { return repaired(request, text) }
        _ = watch.remove(request)
        control.send(ControlLine.failure(watcher.id, text), to: watcher.client)
    }

    /// What was to be done with downloads is done.
    func tellChanged(_ request: RequestID) {
        guard let watcher = watch[request] else { return }
        let name = watcher.name.map { TypedName($0, isTree: watcher.isTree).text } ?? ""
        switch watcher.purpose {
        case .cancel: answerWhenDurable(request, CancelReply(name: name))
        case .choose(let names): answerWhenDurable(request, ChosenReply(names: names))
        case .prioritize(let priority):
            answerWhenDurable(request, PriorityReply(name: name, priority: priority))
        case .fetch, .survey, .lift, .repair: break
        }
    }

    func answer(_ request: RequestID, _ reply: some Encodable) {
        guard let watcher = watch.remove(request) else { return }
        control.send(ControlLine.reply(watcher.id, reply), to: watcher.client)
    }

    /// Answers when the change is recorded, and what it takes out of the share is gone.
    private func answerWhenDurable(
        _ request: RequestID, _ reply: some Encodable, begun: (ControlID) -> DueAnswer.Begun? = { _ in nil }
    ) {
        guard let watcher = watch.remove(request) else { return }
        let due = DueAnswer(
            client: watcher.client, line: ControlLine.reply(watcher.id, reply), begun: begun(watcher.id))
        if removals.isEmpty { ledger.submit(.passOn(due)) } else { answersAfterRemoval.append(due) }
    }
}

extension PeerNode {
    /// All that was to be recorded before an answer is, or could not be.
    func passedOn(_ answer: DueAnswer) {
        guard let begun = answer.begun, unrecorded.contains(begun.download), let stateError else {
            return control.send(answer.line, to: answer.client)
        }
        var done = begun.done
        done.stateError = stateError
        control.send(ControlLine.reply(begun.id, done), to: answer.client)
    }
}

extension TreeCounts {
    init(_ result: TreeResult) {
        self.init(
            total: result.total, fetched: result.fetched, already: result.already,
            failed: result.failed.map(Failed.init),
            failedFiles: result.failedFiles, failedDirectories: result.failedDirectories, backups: result.backups)
    }
}

extension TreeCounts.Failed {
    init(_ failure: TreeFailure) {
        let text = failure.failure.text(for: failure.name.path)
        self.init(name: failure.name.path, cause: text.cause, message: text.message)
    }
}
