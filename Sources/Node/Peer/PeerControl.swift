import Content
import Control
import PeerCore
import Posix
import Reactor

/// What clients of the control socket ask, and what they are told.
extension PeerNode: ControlHandler {
    /// How long `req` waits without progress if the client does not say.
    private static let defaultTimeoutSeconds = 30.0

    func requested(_ request: ControlRequest, by client: ControlClientID) {
        // Names and numbers of downloads must not be given twice.
        guard isRestored else { return postponed.append((request, client)) }
        if isLeaving {
            let failure = ControlFailure(.leaving, "this daemon is leaving the network and takes no more requests")
            return control.send(ControlLine.failure(request.id, failure), to: client)
        }
        switch request.call {
        case .req(let params): fetch(params, request.id, client)
        case .cancel(let params): cancel(params, request.id, client)
        case .left:
            control.send(ControlLine.reply(request.id, LeftReply()), to: client)
            logger.info("leaving", metadata: ["asked_by": "p2pctl"])
            leave()
        case .status: control.send(ControlLine.reply(request.id, status), to: client)
        case .peers: control.send(ControlLine.reply(request.id, peers), to: client)
        case .files(let params): control.send(ControlLine.reply(request.id, files(params)), to: client)
        case .downloads: control.send(ControlLine.reply(request.id, downloads), to: client)
        }
    }

    func clientGone(_ client: ControlClientID) { watch.forget(client) }

    private func fetch(_ params: ReqParams, _ id: ControlID, _ client: ControlClientID) {
        let wish = FetchWish(
            name: params.name, digest: params.root, force: params.force, sync: params.sync,
            timeout: Span(seconds: params.timeoutSeconds ?? Self.defaultTimeoutSeconds))
        let request = watch.add(.init(client: client, id: id, wish: wish))
        startProgress()
        feed(.wish(request, wish))
    }

    private func cancel(_ params: CancelParams, _ id: ControlID, _ client: ControlClientID) {
        let wish = FetchWish(name: params.name, timeout: .seconds(0))
        feed(.cancel(watch.add(.init(client: client, id: id, wish: wish)), params.name, keepData: false))
    }

    // MARK: Answers to requests

    func tell(_ request: RequestID, _ found: FileFound) {
        guard let watcher = watch[request] else { return }
        let event = FoundEvent(
            name: found.name.path, root: found.root.digest.hex, length: found.root.length,
            holders: found.holders.map(\.description))
        control.send(
            ControlLine.notification(ControlNotification(request: watcher.id, event: .found(event))), to: watcher.client
        )
    }

    func tell(_ request: RequestID, _ result: FetchResult) {
        guard let watcher = watch.remove(request) else { return }
        let done = ReqDone(
            name: result.name.path, root: result.root.digest.hex, length: result.root.length,
            seconds: result.took.seconds, already: result.already, holders: result.holders.map(Control.HolderBytes.init)
        )
        control.send(ControlLine.reply(watcher.id, done), to: watcher.client)
    }

    func tell(_ request: RequestID, _ failure: FetchFailure) {
        guard let watcher = watch.remove(request) else { return }
        let own = settings.listen
        control.send(
            ControlLine.failure(watcher.id, failure.text(for: watcher.wish.name.path, own: own)), to: watcher.client)
    }

    func tellChanged(_ request: RequestID, _ name: ShareName?) {
        guard let watcher = watch.remove(request) else { return }
        control.send(ControlLine.reply(watcher.id, CancelReply(name: name?.path ?? "")), to: watcher.client)
    }

    // MARK: Reports

    private var status: StatusReply {
        let roster = machine.currentRoster
        let downloads = machine.downloadStatuses
        let waiting = downloads.count { $0.state == .waiting }
        return StatusReply(
            version: ProgramVersion.text, id: id.hex, share: settings.share, listen: "\(settings.listen)",
            uptimeSeconds: Double(reactor.now - started) / 1e9,
            manager: Control.ManagerLink(
                address: "\(settings.managers[machine.managerIndex])", state: .init(machine.managerState),
                error: machine.managerError),
            epoch: roster.epoch, peers: roster.entries.count, files: machine.offered.count,
            connections: machine.sessionCount, bytesIn: transport.pieceBytesReceived,
            bytesOut: transport.fileBytesSent,
            limits: RateReport(
                upload: rates.upload?.bytesPerSecond, download: rates.download?.bytesPerSecond),
            downloads: DownloadCounts(running: downloads.count - waiting, waiting: waiting), indexing: indexing,
            ticks: TickReport(p50: reactor.tickTimes.quantile(0.5), p99: reactor.tickTimes.quantile(0.99)))
    }

    private var indexing: IndexingProgress {
        indexer.progress(machine.offered)
    }

    private var peers: PeersReply {
        let roster = machine.currentRoster
        // Sorted as text, which is made once for each: a roster may have tens of thousands.
        let peers = roster.entries.values.map {
            PeersReply.Peer(address: "\($0.address)", id: $0.id.hex, label: $0.label)
        }
        return PeersReply(peers: peers.sorted { $0.address < $1.address }, epoch: roster.epoch)
    }

    private func files(_ params: FilesParams) -> FilesReply {
        indexer.page(after: params.after, limit: params.limit, machine.offered)
    }

    private var downloads: DownloadsReply {
        DownloadsReply(
            downloads: machine.downloadStatuses.map { status in
                .init(
                    name: status.name.path, root: status.root.digest.hex, length: status.root.length,
                    have: status.have, state: DownloadState(status.state),
                    cause: status.state == .waiting ? "no holder is reachable" : nil,
                    bytesPerSecond: status.state == .waiting ? 0 : watch.bytesPerSecond(status.id),
                    holders: status.holders.map(Control.HolderBytes.init))
            })
    }
}

extension Control.HolderBytes {
    init(_ holder: PeerCore.HolderBytes) {
        self.init(address: "\(holder.address)", bytes: holder.bytes)
    }
}

extension Control.ManagerLink.State {
    init(_ state: ManagerActivity) {
        switch state {
        case .joined: self = .joined
        case .connecting: self = .connecting
        case .waiting: self = .waiting
        }
    }
}
