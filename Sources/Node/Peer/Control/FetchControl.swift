import Content
import Control
import PeerCore

/// Requests about downloads: what a client asks becomes an input of the machine, and `RequestWatch` knows whom the
/// answer goes to.
extension PeerNode {
    /// How long `req` waits without progress if the client does not say.
    private static let defaultTimeoutSeconds = 30.0

    func fetch(_ params: ReqParams, _ id: ControlID, _ client: ControlClientID) {
        let wish = FetchWish(
            name: params.name, tree: params.tree, digest: params.root, force: params.force, sync: params.sync,
            timeout: Span(seconds: params.timeoutSeconds ?? Self.defaultTimeoutSeconds),
            choose: VersionChoice(params.choose), keepsBackup: params.backup, background: params.background,
            priority: params.priority, inOrder: params.stream)
        let request = watch.add(
            .init(
                client: client, id: id, name: params.name, isTree: params.tree,
                purpose: .fetch(isStreaming: params.stream)))
        feed(.wish(request, wish))
    }

    func wait(_ params: WaitParams, _ id: ControlID, _ client: ControlClientID) {
        feed(
            .wait(
                watch.add(
                    .init(
                        client: client, id: id, name: params.name, isTree: params.tree,
                        purpose: .fetch(isStreaming: false))),
                params.name, isTree: params.tree))
    }

    func cancel(_ params: CancelParams, _ id: ControlID, _ client: ControlClientID) {
        let name = params.name.name
        let isKnown = machine.downloadStatuses.contains { $0.name == name }
        if !isKnown, hooks.forget(name) {
            // All that was listed of it was what its hook had to say.
            return control.send(ControlLine.reply(id, CancelReply(name: name.path)), to: client)
        }
        feed(.cancel(watch(params.name, .cancel, id, client), name, keepData: params.keepData))
    }

    func pause(_ choice: DownloadChoice, _ id: ControlID, _ client: ControlClientID) {
        let request = choose(choice, id, client) { state in
            switch state {
            case .queued, .fetching, .waiting, .checking, .paused(.space): true
            case .paused(.user), .finishing, .failed: false
            }
        }
        feed(.pause(request, choice.typed?.name))
    }

    func resume(_ choice: DownloadChoice, _ id: ControlID, _ client: ControlClientID) {
        let request = choose(choice, id, client) { state in
            switch state {
            case .paused, .failed: true
            case .queued, .fetching, .waiting, .checking, .finishing: false
            }
        }
        feed(.resume(request, choice.typed?.name))
    }

    func prioritize(_ params: PriorityParams, _ id: ControlID, _ client: ControlClientID) {
        let request = watch(params.name, .prioritize(params.priority), id, client)
        feed(.prioritize(request, params.name.name, params.priority))
    }

    /// - Parameter isMeant: whether a download that does this is one that changes.
    private func choose(
        _ choice: DownloadChoice, _ id: ControlID, _ client: ControlClientID, isMeant: (DownloadActivity) -> Bool
    ) -> RequestID {
        let chosen = machine.downloadStatuses.filter { status in
            isMeant(status.state) && (choice.typed.map { $0.name == status.name } ?? true)
        }
        return watch(choice.typed, .choose(chosen.map { $0.kind.shown($0.name) }), id, client)
    }

    private func watch(
        _ typed: TypedName?, _ purpose: RequestWatch.Purpose, _ id: ControlID, _ client: ControlClientID
    ) -> RequestID {
        watch.add(
            .init(client: client, id: id, name: typed?.name, isTree: typed?.isTree ?? false, purpose: purpose))
    }
}

extension DownloadChoice {
    fileprivate var typed: TypedName? {
        switch self {
        case .name(let name): name
        case .all: nil
        }
    }
}

extension VersionChoice {
    init(_ choice: ReqParams.Choice) {
        switch choice {
        case .only: self = .only
        case .newest: self = .newest
        case .mostHeld: self = .mostHeld
        }
    }
}
