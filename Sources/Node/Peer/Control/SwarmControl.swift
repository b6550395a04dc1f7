import Content
import Control
import PeerCore

/// Requests about the other peers: who has what, and who is refused.
extension PeerNode {
    func survey(_ params: WhoParams, _ id: ControlID, _ client: ControlClientID) {
        let request = watch.add(.init(client: client, id: id, name: params.name, isTree: params.tree, purpose: .survey))
        feed(.survey(request, params.name, isTree: params.tree))
    }

    func tell(_ request: RequestID, _ survey: Survey) {
        answer(request, WhoReply(survey))
    }

    var bans: BansReply {
        let now = Moment(nanoseconds: reactor.now)
        return BansReply(
            bans: machine.currentBans.map { ban in
                .init(
                    id: ban.peer.hex, address: "\(ban.address)", reason: ban.reason,
                    secondsLeft: UInt64((ban.until - now).seconds.rounded(.up)))
            })
    }

    func lift(_ choice: Control.BanChoice, _ id: ControlID, _ client: ControlClientID) {
        feed(
            .lift(
                watch.add(.init(client: client, id: id, name: nil, purpose: .lift(choice))), PeerCore.BanChoice(choice))
        )
    }

    func tell(_ request: RequestID, _ lifted: [Ban]) {
        guard let watcher = watch[request], case .lift(let choice) = watcher.purpose else { return }
        if lifted.isEmpty, let what = choice.text {
            _ = watch.remove(request)
            let failure = ControlFailure(.notFound, "\(what) is not banned; see `p2pctl bans`")
            return control.send(ControlLine.failure(watcher.id, failure), to: watcher.client)
        }
        answer(request, LiftReply(lifted: lifted.count))
    }

    // MARK: Limits

    var limits: LimitReply {
        LimitReply(upload: rates.upload?.bytesPerSecond, download: rates.download?.bytesPerSecond)
    }

    func change(_ params: LimitParams) {
        guard params != LimitParams() else { return }
        setLimits(
            upload: params.upload.applied(to: rates.upload), download: params.download.applied(to: rates.download))
    }
}

extension LimitParams.Change {
    func applied(to rate: ByteRate?) -> ByteRate? {
        switch self {
        case .keep: rate
        case .unlimited: nil
        case .rate(let new): new
        }
    }
}

extension WhoReply {
    init(_ survey: Survey) {
        self.init(
            versions: survey.versions.map(Version.init), asked: survey.asked, silent: survey.silent,
            banned: survey.banned, local: survey.local?.digest.hex, unfit: survey.unfit.map(\.description))
    }
}

extension WhoReply.Version {
    /// This peer itself is not among the holders: `local` says what it has.
    fileprivate init(_ version: FileVersion) {
        self.init(
            root: version.root.digest.hex, length: version.length, modified: version.modified,
            holders: version.holders.compactMap { holder in
                holder.address.map {
                    .init(address: "\($0)", complete: holder.have == version.length, have: holder.have)
                }
            }.sorted { $0.address < $1.address })
    }
}

extension Control.BanChoice {
    /// Nil for all.
    fileprivate var text: String? {
        switch self {
        case .id(let id): id.hex
        case .address(let address): address.port == 0 ? address.host : "\(address)"
        case .all: nil
        }
    }
}

extension PeerCore.BanChoice {
    fileprivate init(_ choice: Control.BanChoice) {
        switch choice {
        case .id(let id): self = .peer(id)
        case .address(let address): self = .address(address)
        case .all: self = .all
        }
    }
}
