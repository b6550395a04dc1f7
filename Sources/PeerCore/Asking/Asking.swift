import Content
import Wire

/// From a client's wish to the one version that is fetched, or to why none is.
extension PeerMachine {
    mutating func wished(_ id: RequestID, _ wish: FetchWish) {
        guard requests.count < policy.requestsMax else {
            return emit(.failed(id, .tooMany(limit: policy.requestsMax)))
        }
        requests[id] = Request(id: id, wish: wish, aim: .fetch, since: now, progressed: now)
        // One that waits may be for a version that is gone from the swarm: then the swarm is asked anew.
        if let running = running(wish), running.isGoing || wish.digest == running.root.digest {
            return join(running, id)
        }
        // What is to be repaired has been looked at already.
        if wish.rot != nil, let request = requests[id] { return beginAsk(request, local: nil) }
        emit(wish.tree ? .inspectTree(id, wish.name) : .inspect(id, wish.name))
    }

    /// Who has which version of a name.
    mutating func survey(_ id: RequestID, _ name: ShareName, isTree: Bool) {
        inquire(id, .asking(for: name, tree: isTree), .survey)
    }

    /// To be told when the download of a name has ended.
    mutating func wait(_ id: RequestID, _ name: ShareName, isTree: Bool) {
        let wish = FetchWish.asking(for: name, tree: isTree)
        inquire(id, wish, .wait)
        guard let running = running(wish), requests[id] != nil else { return }
        switch running.phase {
        case .failed(let failure): fail(id, failure)
        case .paused(.user): fail(id, .paused)
        // There may be room by now; if there is none, that is the answer.
        case .paused(.space): join(running, id)
        case .queued, .gathering, .checking, .opening, .fetching, .proving, .finishing, .reading, .growing:
            attach(id, to: running.id)
        }
    }

    private mutating func inquire(_ id: RequestID, _ wish: FetchWish, _ aim: Request.Aim) {
        guard requests.count < policy.requestsMax else {
            return emit(.failed(id, .tooMany(limit: policy.requestsMax)))
        }
        requests[id] = Request(id: id, wish: wish, aim: aim, since: now, progressed: now)
        if running(wish) != nil, case .wait = aim { return }
        emit(wish.tree ? .inspectTree(id, wish.name) : .inspect(id, wish.name))
    }

    private func running(_ wish: FetchWish) -> Download? {
        downloads.values.first { $0.name == wish.name && ($0.kind == .tree) == wish.tree }
    }

    /// Makes a request wait for a download that is running already, if that is of the version it wants.
    private mutating func join(_ running: Download, _ id: RequestID) {
        let wanted = requests[id]?.wish.digest
        if let wanted, wanted != running.root.digest { return fail(id, .otherVersionRunning(running.root)) }
        // First what is wanted of it: one that has all its pieces is put into the share at once.
        attach(id, to: running.id)
        takeUp(running)
    }

    /// One that failed, or was paused, goes on when somebody asks for it again.
    private mutating func takeUp(_ download: Download) {
        switch download.phase {
        case .failed, .paused:
            requeue(download.id)
            beginNext()
        case .queued, .gathering, .checking, .opening, .fetching, .proving, .finishing, .reading, .growing: break
        }
    }

    mutating func inspected(_ id: RequestID, _ local: LocalFile) {
        guard let request = requests[id], case .inspecting = request.state else { return }
        switch (local, request.aim) {
        case (.absent, .wait): fail(id, .noSuchDownload)
        case (.file, .wait), (.tree, .wait): local.version.map { finishAlready(id, $0) }
        case (_, .survey): beginAsk(request, local: local.version)
        case (.file(let root), .fetch) where request.wish.digest == root.digest:
            finishAlready(id, LocalVersion(of: root))
        case (.absent, .fetch), (.file, .fetch), (.tree, .fetch): beginAsk(request, local: local.version)
        case (.occupied(let what), _): fail(id, .occupied(what))
        case (.failed(let failure), _): fail(id, .disk(failure))
        }
    }

    private mutating func beginAsk(_ request: Request, local: LocalVersion?) {
        requests[request.id]?.state = .asking(Ask(local: local, windowEnd: now + policy.askWindow))
        // Without a roster there is nobody to ask yet; the first snapshot begins the ask.
        guard roster.isKnown else { return }
        ask(others, for: request.id)
        decide(request.id)
    }

    mutating func beginPostponedAsks() {
        for (id, request) in requests {
            if case .asking(let ask) = request.state, ask.asked.isEmpty {
                self.ask(others, for: id)
                decide(id)
            }
        }
    }

    /// Everybody in the roster but this peer.
    private var others: [PeerID] { roster.entries.keys.filter { $0 != id && !isBanned($0) } }

    private mutating func ask(_ peers: [PeerID], for id: RequestID) {
        guard requests[id]?.isAsking == true, let query = requests[id]?.wish.query else { return }
        let windowEnd = now + policy.askWindow
        requests[id]?.change { ask in
            // The wait for a roster does not count.
            if ask.asked.isEmpty { ask.windowEnd = windowEnd }
            ask.asked.formUnion(peers)
            ask.outstanding.formUnion(peers)
        }
        for peer in peers { put(query, to: peer, for: .wish(id)) }
    }

    /// Asks one peer, unless the same is on its way to it.
    mutating func put(_ query: FileQuery, to peer: PeerID, for purpose: Questions.Purpose) {
        guard let entry = roster.entries[peer], !questions.isAsking(peer, for: purpose) else { return }
        say(.req(request: questions.add(to: peer, for: purpose), query), to: entry)
    }

    // MARK: Answers

    mutating func answered(_ number: UInt32, _ offer: FileOffer, by peer: PeerID, on connection: ConnectionID) {
        guard let purpose = take(number, from: peer, on: connection) else { return }
        switch purpose {
        case .download(let download):
            if downloads[download]?.root == offer.root { addHolder(peer, connection, offer.holding, to: download) }
        case .wish(let id): offered(id, offer, by: peer, on: connection)
        }
    }

    mutating func answered(_ number: UInt32, _ reason: NotHaveReason, by peer: PeerID, on connection: ConnectionID) {
        guard let purpose = take(number, from: peer, on: connection) else { return }
        notAnswered(purpose, by: peer, reason)
    }

    private mutating func take(_ number: UInt32, from peer: PeerID, on connection: ConnectionID) -> Questions.Purpose? {
        sessions[connection]?.asked.remove(number)
        let purpose = questions.take(number, from: peer)
        if purpose == nil { refuse(connection, "an answer to a question that was not asked") }
        return purpose
    }

    /// - Parameter reason: nil if there was no answer.
    private mutating func notAnswered(_ purpose: Questions.Purpose, by peer: PeerID, _ reason: NotHaveReason?) {
        switch purpose {
        case .wish(let id): settle(peer, in: id, reason)
        case .download(let id):
            unmet(peer, in: id)
            giveUpIfOnlyLiars(id)
        }
    }

    /// Questions that were asked of `peer` on a connection that is gone, or that never came about.
    /// - Parameter isLost: the connection was there, and ended by itself.
    mutating func answersMissing(_ numbers: some Collection<UInt32>, from peer: PeerID, isLost: Bool = false) {
        for number in numbers.sorted() {
            guard let purpose = questions.take(number, from: peer) else { continue }
            if isLost, askOnceMore(peer, for: purpose) { continue }
            notAnswered(purpose, by: peer, nil)
        }
    }

    /// A connection may have been dead for long before a question showed it: whoever was asked on it is asked on another
    /// that there is, and then, once, on a new one.
    /// - Returns: false if that was tried before, or is of no use.
    private mutating func askOnceMore(_ peer: PeerID, for purpose: Questions.Purpose) -> Bool {
        guard roster.entries[peer] != nil, !link.hasEnded else { return false }
        let hasOther = connections[peer] != nil
        switch purpose {
        case .wish(let id):
            guard requests[id]?.isAsking == true, let query = requests[id]?.wish.query else { return false }
            var isAsked = hasOther
            if !hasOther { requests[id]?.change { isAsked = $0.askedAgain.insert(peer).inserted } }
            guard isAsked else { return false }
            put(query, to: peer, for: purpose)
        case .download(let id):
            guard let query = downloads[id]?.query, downloads[id]?.isFetching == true,
                hasOther || downloads[id]?.askedAgain.insert(peer).inserted == true
            else { return false }
            put(query, to: peer, for: purpose)
        }
        return true
    }

    private mutating func offered(_ id: RequestID, _ offer: FileOffer, by peer: PeerID, on connection: ConnectionID) {
        guard let wish = requests[id]?.wish else { return }
        switch requests[id]?.state {
        case .inspecting, nil: break
        case .fetching(let download):
            // The window had closed without it.
            if downloads[download]?.root == offer.root { addHolder(peer, connection, offer.holding, to: download) }
        case .asking:
            guard wish.tree == offer.isTree else {
                return refuse(connection, "an offer of a \(offer.isTree ? "directory" : "file") that was not asked for")
            }
            if wish.tree {
                guard offer.root.length <= UInt64(ManifestLimits.bytesMax) else {
                    return refuse(connection, "a directory's list of \(offer.root.length) bytes")
                }
                // Directories are asked for by name.
                if let digest = wish.digest, digest != offer.root.digest {
                    return settle(peer, in: id, .unknown)
                }
            } else if !wish.accepts(offer.root) {
                return refuse(connection, "an offer of another root than was asked for")
            }
            let from = (roster.entries[peer]?.address ?? sessions[connection]?.address).map { address in
                Ask.FileOfferFrom(
                    root: offer.root, length: offer.length, modified: offer.modified, address: address,
                    holding: offer.holding)
            }
            requests[id]?.change { ask in
                ask.outstanding.remove(peer)
                if let from { ask.offers[peer] = from }
            }
            decide(id)
        }
    }

    private mutating func settle(_ peer: PeerID, in id: RequestID, _ reason: NotHaveReason?) {
        guard requests[id]?.isAsking == true else { return }
        let (again, address) = (now + policy.askAgain, roster.entries[peer]?.address)
        requests[id]?.change { ask in
            ask.outstanding.remove(peer)
            switch reason {
            case .indexing:
                ask.indexing.insert(peer)
                if ask.askAgain == .distantFuture { ask.askAgain = again }
            case .unfit: if let address { ask.unfit.insert(address) }
            case .unknown, nil: break
            }
        }
        decide(id)
    }

    // MARK: Decision

    /// Goes on as soon as no outstanding answer could change the result: a root names its bytes, so the first holder is
    /// enough; a name may stand for several versions, so everybody is heard before one is taken.
    mutating func decide(_ id: RequestID) {
        guard let request = requests[id], case .asking(let ask) = request.state, !ask.asked.isEmpty || roster.isKnown
        else { return }
        let windowIsOpen = !(ask.outstanding.isEmpty && ask.indexing.isEmpty) && now < ask.windowEnd
        if request.wish.digest == nil, windowIsOpen { return }
        let versions = ask.versions
        if case .survey = request.aim {
            let isOpen = windowIsOpen || (versions.isEmpty && rosterSettled > now)
            return isOpen ? () : finishSurvey(id, ask, versions)
        }
        if let version = choice(of: versions, request.wish.choose) { return take(version, request, ask) }
        guard versions.isEmpty else { return fail(id, .conflict(versions)) }
        guard ask.outstanding.isEmpty, ask.indexing.isEmpty, rosterSettled <= now else { return }
        if let running = running(request.wish) { return join(running, id) }
        if let local = ask.local, request.wish.digest == nil { return finishAlready(id, local) }
        fail(id, .nobody(asked: ask.asked.count, unfit: ask.unfitInOrder))
    }

    private func choice(of versions: [FileVersion], _ rule: VersionChoice) -> FileVersion? {
        switch rule {
        case .only: versions.count == 1 ? versions.first : nil
        case .newest: versions.max { ($0.modified, $0.root.digest.hex) < ($1.modified, $1.root.digest.hex) }
        case .mostHeld: versions.first
        }
    }

    private mutating func finishSurvey(_ id: RequestID, _ ask: Ask, _ versions: [FileVersion]) {
        guard requests.removeValue(forKey: id) != nil else { return }
        let silent = ask.outstanding.count + ask.indexing.count
        let survey = Survey(
            versions: versions, local: ask.local?.root, asked: ask.asked.count, silent: silent, unfit: ask.unfitInOrder)
        emit(.surveyed(id, survey))
    }

    private mutating func take(_ version: FileVersion, _ request: Request, _ ask: Ask) {
        let root = version.root
        if let local = ask.local {
            // A directory takes what it lacks: its files are looked at one by one.
            if local.root == root, !request.wish.tree { return finishAlready(request.id, local) }
            if !request.wish.force, !request.wish.tree {
                return fail(request.id, .exists(local: local.root, offered: root))
            }
        }
        if let running = running(request.wish) { return revive(running, with: version, request, ask) }
        startDownload(version, request, offers: ask.offers)
    }

    /// The name is being fetched already, and waits: those who offer its version are its holders now.
    private mutating func revive(
        _ running: Download, with version: FileVersion, _ request: Request, _ ask: Ask
    ) {
        guard running.root == version.root else {
            guard running.isWaiting && running.have == 0 || running.failure != nil else {
                return fail(request.id, .otherVersionRunning(running.root))
            }
            // Nothing of it will come any more: what the swarm has now takes its place.
            removeDownload(running.id, .gone(running.root, have: running.have))
            return startDownload(version, request, offers: ask.offers)
        }
        attach(request.id, to: running.id)
        takeUp(running)
        for (peer, offer) in ask.offers where offer.root == version.root {
            if let connection = connections[peer] { addHolder(peer, connection, offer.holding, to: running.id) }
        }
    }

    private mutating func finishAlready(_ id: RequestID, _ local: LocalVersion) {
        guard let request = requests.removeValue(forKey: id) else { return }
        emit(
            .finished(
                id,
                FetchResult(
                    name: request.wish.name, root: local.root, length: local.length, holders: [], already: true,
                    took: now - request.since, backup: nil)))
    }

    mutating func fail(_ id: RequestID, _ failure: FetchFailure) {
        guard requests.removeValue(forKey: id) != nil else { return }
        emit(.failed(id, failure))
    }

    // MARK: Time and change

    /// Peers that joined are asked too: by running asks, and by downloads that could use them.
    mutating func askNewcomers(_ peers: [PeerID]) {
        for (id, request) in requests {
            if case .asking(let ask) = request.state, !ask.asked.isEmpty || roster.isKnown {
                self.ask(peers.filter { !ask.asked.contains($0) }, for: id)
            }
        }
        for (id, download) in downloads where download.isFetching {
            for peer in peers where download.holders[peer]?.isLiar != true && !bans.contains(peer) {
                put(download.query, to: peer, for: .download(id))
            }
        }
    }

    mutating func sweepRequests() {
        for (id, request) in requests {
            let isOver = request.progressed + request.wish.timeout <= now
            switch request.state {
            case .inspecting: break
            case .asking(let ask):
                decide(id)
                if requests[id] == nil { break }
                if case .asking = requests[id]?.state { isOver ? fail(id, timedOut(ask)) : askAgain(id, ask) }
            case .fetching(let download):
                guard isOver, let download = downloads[download], download.isWaiting else { break }
                downloads[download.id]?.requests.remove(id)
                fail(id, .gone(download.root, have: download.have))
            }
        }
    }

    private func timedOut(_ ask: Ask) -> FetchFailure {
        if !roster.isKnown { return .noManager(reason: link.lastError ?? "no answer yet") }
        return .askTimedOut(silent: ask.outstanding.count + ask.indexing.count, asked: ask.asked.count)
    }

    private mutating func askAgain(_ id: RequestID, _ ask: Ask) {
        guard ask.askAgain <= now, var request = requests[id] else { return }
        var renewed = ask
        renewed.indexing = []
        renewed.askAgain = .distantFuture
        request.state = .asking(renewed)
        requests[id] = request
        self.ask(ask.indexing.filter { roster.entries[$0] != nil }, for: id)
        decide(id)
    }
}
