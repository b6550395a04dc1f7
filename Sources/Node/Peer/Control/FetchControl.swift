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
        let isKnown = machine.downloadStatuses.contains { $0.name == params.name }
        if !isKnown, hooks.forget(params.name) {
            // All that was listed of it was what its hook had to say.
            return control.send(ControlLine.reply(id, CancelReply(name: params.name.path)), to: client)
        }
        let request = watch.add(.init(client: client, id: id, name: params.name, purpose: .cancel))
        feed(.cancel(request, params.name, keepData: params.keepData))
    }

    func pause(_ choice: DownloadChoice, _ id: ControlID, _ client: ControlClientID) {
        let request = choose(choice, id, client) { state in
            switch state {
            case .queued, .fetching, .waiting, .checking, .paused(.space): true
            case .paused(.user), .finishing, .failed: false
            }
        }
        feed(.pause(request, choice.chosenName))
    }

    func resume(_ choice: DownloadChoice, _ id: ControlID, _ client: ControlClientID) {
        let request = choose(choice, id, client) { state in
            switch state {
            case .paused, .failed: true
            case .queued, .fetching, .waiting, .checking, .finishing: false
            }
        }
        feed(.resume(request, choice.chosenName))
    }

    func prioritize(_ params: PriorityParams, _ id: ControlID, _ client: ControlClientID) {
        let request = watch.add(
            .init(client: client, id: id, name: params.name, purpose: .prioritize(params.priority)))
        feed(.prioritize(request, params.name, params.priority))
    }

    /// - Parameter isMeant: whether a download that does this is one that changes.
    private func choose(
        _ choice: DownloadChoice, _ id: ControlID, _ client: ControlClientID, isMeant: (DownloadActivity) -> Bool
    ) -> RequestID {
        let names = machine.downloadStatuses.filter { status in
            isMeant(status.state) && (choice.chosenName.map { $0 == status.name } ?? true)
        }.map(\.name)
        return watch.add(.init(client: client, id: id, name: choice.chosenName, purpose: .choose(names)))
    }
}

extension DownloadChoice {
    fileprivate var chosenName: ShareName? {
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
