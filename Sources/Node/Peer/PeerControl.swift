import Content
import Control
import PeerCore
import Posix
import Reactor

/// What clients of the control socket ask, and what they are told.
extension PeerNode: ControlHandler {
    func requested(_ request: ControlRequest, by client: ControlClientID) {
        // Names and numbers of downloads must not be given twice.
        guard isRestored else { return postponed.append((request, client)) }
        if isLeaving {
            let failure = ControlFailure(.leaving, "this daemon is leaving the network and takes no more requests")
            return control.send(ControlLine.failure(request.id, failure), to: client)
        }
        startProgress()
        switch request.call {
        case .req(let params): fetch(params, request.id, client)
        case .wait(let params): wait(params, request.id, client)
        case .cancel(let params): cancel(params, request.id, client)
        case .pause(let choice): pause(choice, request.id, client)
        case .resume(let choice): resume(choice, request.id, client)
        case .priority(let params): prioritize(params, request.id, client)
        case .who(let params): survey(params, request.id, client)
        case .lift(let choice): lift(choice, request.id, client)
        case .limit(let params):
            change(params)
            control.send(ControlLine.reply(request.id, limits), to: client)
        case .verify(let params): verify(params, request.id, client)
        case .bans: control.send(ControlLine.reply(request.id, bans), to: client)
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

    func clientGone(_ client: ControlClientID) {
        watch.forget(client)
        forgetVerifies(client)
    }

    // MARK: Reports

    private var status: StatusReply {
        let roster = machine.currentRoster
        let downloads = machine.downloadStatuses
        return StatusReply(
            version: ProgramVersion.text, id: id.hex, share: settings.share, listen: "\(settings.listen)",
            uptimeSeconds: Double(reactor.now - started) / 1e9,
            manager: Control.ManagerLink(
                address: "\(settings.managers[machine.managerIndex])", state: .init(machine.managerState),
                error: machine.managerError),
            epoch: roster.epoch, peers: roster.entries.count, files: machine.offered.count,
            connections: machine.sessionCount, bytesIn: transport.pieceBytesReceived,
            bytesOut: transport.fileBytesSent,
            limits: limits, downloads: DownloadCounts(downloads.map { DownloadState($0.state) }),
            bans: machine.currentBans.count, indexing: indexing, stateError: stateError,
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
