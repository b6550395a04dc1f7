import Content
import Logging
import PeerCore
import Posix
import Reactor
import Transport

/// Does what the peer machine wants done.
extension PeerNode {
    func perform(_ effect: PeerEffect) {
        switch effect {
        case .dial(let target): dial(target)
        case .send(let connection, let message): transport.send(message, on: connection)
        case .close(let connection, let reason): close(connection, reason)

        case .receivePiece(let connection, let id, let index, let length): beginPiece(connection, id, index, length)
        case .discardPiece(let connection, let length): transport.discard(length, on: connection)
        case .passOver(let connection): passOver(connection)
        case .serve(let connection, let source, let root, let pieces):
            uploads.add(source, root, pieces, on: connection, transport, self)
        case .serveNothing(let connection, let first, let end):
            uploads.addNothing(first, end, on: connection, transport, self)
        case .stopServing(let connection, let root, let first):
            uploads.cancel(root, first: first, on: connection, transport, self)

        case .checkLayer(let id, let root, let layer): workers.submit(.checkLayer(id, root, layer))
        case .openPartial(let entry, let layer): open(entry, layer)
        case .reopenPartial(let entry, let layer, let pieces): reopen(entry, layer, pieces)
        case .checkPartial(let id): check(id)
        case .verifyPartial(let id, let pieces): verify(id, pieces)
        case .commit(let id, let pieces, let sync): commit(id, pieces, sync: sync)
        case .deliver(let id, let terms): deliver(id, terms)
        case .discardPartial(let id, let root): discard(id, root)
        case .checkSpace(let needs): workers.submit(.checkSpace(needs, minFree: settings.minFree))
        case .keep(let entry): keep(entry)
        case .forget(let id): forget(id)
        case .banned(let ban): keep(ban)
        case .lifted(let peer): ledger.submit(.removeBan(peer))

        case .readManifest(let entry): readManifest(entry)
        case .surveyTree(let entry, let manifest): if !isPutOff(effect) { survey(entry, manifest) }
        case .receiveFile(let connection, let id, let index, let length): beginFile(connection, id, index, length)
        case .publishFiles(let id, let files): publish(id, files)
        case .discardFiles(let id, let files): discardFiles(id, files)
        case .closeTree(let id, let files): closeTree(id, files)
        case .keepLarge(let id, let file): keepLarge(file, of: id)
        case .removeRemains(let id): removeRemains(id)
        case .makeManifest(let name): makeManifest(name)
        case .inspectTree(let request, let name): if !isPutOff(effect) { inspectTree(request, name) }

        case .inspect(let request, let name):
            if !isPutOff(effect) { workers.submit(.inspect(request, name, known: indexed(name))) }

        case .found(let request, let found): tell(request, found)
        case .finished(let request, let result): tell(request, result)
        case .failed(let request, let failure): tell(request, failure)
        case .accepted(let request, let id): tellAccepted(request, id)
        case .changed(let request, _): tellChanged(request)
        case .surveyed(let request, let survey): tell(request, survey)
        case .liftedBans(let request, let bans): tell(request, bans)

        case .wake(let moment):
            if let wakeTimer { reactor.cancelTimer(wakeTimer) }
            wakeTimer = reactor.setTimer(at: moment.nanoseconds)
        case .left: logger.info("left the network")
        case .note(let note): log(note)
        }
    }

    private func close(_ connection: ConnectionID, _ reason: String) {
        logger.debug("closing", metadata: ["connection": "\(connection)", "reason": "\(reason)"])
        forget(connection, transport.close(connection))
    }

    // MARK: Dialing

    private func dial(_ target: Dial) {
        switch target {
        case .peer(_, let address): dial(target, at: address)
        case .manager(let index):
            let endpoint = settings.managers[index]
            if let address = endpoint.address { return dial(target, at: address) }
            lookups?.submit(.resolve(index: index, host: endpoint.host, port: endpoint.port))
        }
    }

    /// From the address the peer is bound to, so that others see where it can be reached.
    func dial(_ target: Dial, at address: PeerAddress) {
        do throws(SystemError) {
            dials[try transport.dial(address, from: settings.listen)] = target
        } catch {
            let isBound = settings.listen.isLoopback && !address.isLoopback
            let advice = isBound ? "; this peer is bound to loopback, see --bind" : ""
            feed(.dialFailed(target, reason: "\(error)\(advice)"))
        }
    }

    // MARK: Log

    private func log(_ note: PeerNote) {
        switch note {
        case .joinedManager(let index, let observed):
            logger.info(
                "joined the manager",
                metadata: ["manager": "\(settings.managers[index])", "observed": "\(observed)"])
        case .lostManager(let index, let reason, let retryIn):
            logger.warning(
                "no manager; trying again",
                metadata: [
                    "manager": "\(settings.managers[index])", "reason": "\(reason)", "retry_s": "\(retryIn.seconds)",
                ])
        case .rosterChanged(let epoch, let size):
            logger.debug("roster changed", metadata: ["epoch": "\(epoch)", "peers": "\(size)"])
        case .downloadStarted(let id, let name, let root, let holders):
            logger.info(
                "download started",
                metadata: [
                    "download": "\(id.rawValue)", "name": "\(name)", "root": "\(root.digest)",
                    "bytes": "\(machine.length(of: id) ?? root.length)", "holders": "\(holders)",
                ])
        case .downloadFinished(let download, let took):
            hooks.downloadFinished(download)
            if download.kind == .tree { indexer.endFragments(from: download.name) }
            logger.info(
                "download finished",
                metadata: [
                    "download": "\(download.id.rawValue)", "name": "\(download.name)", "seconds": "\(took.seconds)",
                ])
        case .downloadFailed(let download, let failure):
            hooks.downloadFailed(download, failure)
            logger.warning(
                "download failed",
                metadata: [
                    "download": "\(download.id.rawValue)", "name": "\(download.name)",
                    "reason": "\(failure.text(for: download.kind.shown(download.name)).message)",
                ])
        case .downloadWaits(let id, let name):
            logger.warning("no holder left; waiting", metadata: ["download": "\(id.rawValue)", "name": "\(name)"])
        case .downloadRestored(let id, let name, let have):
            startProgress()
            logger.info(
                "download taken up again",
                metadata: ["download": "\(id.rawValue)", "name": "\(name)", "have": "\(have)"])
        case .downloadPaused(let id, let name, let missing):
            logger.warning(
                "the disk is full; waiting for room",
                metadata: ["download": "\(id.rawValue)", "name": "\(name)", "missing_bytes": "\(missing)"])
        case .piecesSpoiled(let id, let name, let count):
            logger.warning(
                "pieces on the disk are not what was written; fetching them again",
                metadata: ["download": "\(id.rawValue)", "name": "\(name)", "pieces": "\(count)"])
        case .banned(let peer, let address, let reason):
            logger.warning(
                "peer banned", metadata: ["id": "\(peer.hex)", "address": "\(address)", "reason": "\(reason)"])
        case .holderLost(let id, let address, let reason):
            logger.info(
                "holder lost",
                metadata: ["download": "\(id.rawValue)", "holder": "\(address)", "reason": "\(reason)"])
        case .holderErred(let id, let address, let reason):
            logger.warning(
                "a holder sent something else than one of a directory's files",
                metadata: ["download": "\(id.rawValue)", "holder": "\(address)", "reason": "\(reason)"])
        case .refusedBy(let peer, let reason):
            logger.warning(
                "a peer has banned this one, for wrong bytes that came from here: see `p2pctl verify`",
                metadata: ["id": "\(peer.hex)", "reason": "\(reason)"])
        case .refusedPeer(let connection, let address, let id, let reason):
            logger.warning(
                "refused a peer",
                metadata: [
                    "connection": "\(connection)", "address": "\(address)", "id": "\(id?.hex ?? "not said")",
                    "reason": "\(reason)",
                ])
        }
    }
}
