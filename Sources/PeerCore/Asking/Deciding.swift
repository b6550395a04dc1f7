import Content

/// From the answers to the one version that is fetched, or to why none is.
extension PeerMachine {
    /// Goes on as soon as no outstanding answer could change the result: a root names its bytes, so the first holder is
    /// enough; a name may stand for several versions, so everybody is heard before one is taken.
    mutating func decide(_ id: RequestID) {
        guard let request = requests[id], case .asking(let ask) = request.state, !ask.asked.isEmpty || roster.isKnown
        else { return }
        // Whoever waits for less takes what there is by then.
        let windowEnd = min(ask.windowEnd, request.progressed + request.wish.timeout)
        let windowIsOpen = !(ask.outstanding.isEmpty && ask.indexing.isEmpty) && now < windowEnd
        if request.wish.digest == nil, windowIsOpen, !isEnough(ask, request) { return beginProvisionally(id, ask) }
        if now >= ask.windowEnd, !ask.offers.isEmpty { lag(ask.outstanding) }
        let versions = ask.versions
        if case .survey = request.aim {
            let isOpen = windowIsOpen || (versions.isEmpty && rosterSettled > now)
            return isOpen ? () : finishSurvey(request, ask, versions)
        }
        let version = choice(of: versions, request.wish.choose) ?? begun(of: versions, request)
        if let version { return take(version, request, ask) }
        guard versions.isEmpty else { return fail(id, .conflict(versions)) }
        guard ask.outstanding.isEmpty, ask.indexing.isEmpty, rosterSettled <= now else { return }
        if let running = running(request.wish) { return join(running, id) }
        // What is here of a directory may be a part only of what somebody has and cannot offer.
        if let local = ask.local, request.wish.digest == nil, ask.unfit.isEmpty { return finishAlready(id, local) }
        if ask.isRotten, ask.unfit.isEmpty { return fail(id, rot(below: request.wish.name)) }
        let banned = banned(besides: ask.asked).count
        let root = request.wish.rot == nil ? request.wish.digest : nil
        let refusing = ask.asked.count { refusers.contains($0) }
        fail(
            id,
            .nobody(
                asked: ask.asked.count, banned: banned, root: root, unfit: unfit(ask, request.wish), refusing: refusing)
        )
    }

    /// Whether those who did not answer the last time have had their time, and somebody else has what is asked for. Where
    /// all versions are compared, nobody's is passed over.
    private func isEnough(_ ask: Ask, _ request: Request) -> Bool {
        guard case .fetch = request.aim, request.wish.choose == .only else { return false }
        return now >= ask.graceEnd && !ask.offers.isEmpty && awaitsLaggardsOnly(ask)
    }

    /// What to say of a directory that nobody else has, and that has rotted here.
    func rot(below directory: ShareName) -> FetchFailure {
        let isMending = downloads.values.contains { $0.kind.badPieces != nil && $0.name.isBelow(directory) }
        return isMending ? .mending : .rotten
    }

    private func choice(of versions: [FileVersion], _ rule: VersionChoice) -> FileVersion? {
        switch rule {
        case .only: versions.count == 1 ? versions.first : nil
        case .newest: versions.max { ($0.modified, $0.root.digest.hex) < ($1.modified, $1.root.digest.hex) }
        case .mostHeld: versions.first
        }
    }

    /// What is listed under the name and came to no end says which of several versions is meant.
    private func begun(of versions: [FileVersion], _ request: Request) -> FileVersion? {
        guard case .fetch = request.aim, request.wish.choose == .only, let running = running(request.wish),
            running.failure != nil
        else { return nil }
        return versions.first { $0.root == running.root }
    }

    private mutating func finishSurvey(_ request: Request, _ ask: Ask, _ offered: [FileVersion]) {
        guard requests.removeValue(forKey: request.id) != nil else { return }
        let silent = ask.outstanding.count + ask.indexing.count
        let survey = Survey(
            versions: withOwn(offered, ask, request.wish), local: ask.local?.root, asked: ask.asked.count,
            silent: silent, banned: banned(besides: ask.asked).count, unfit: unfit(ask, request.wish))
        emit(.surveyed(request.id, survey))
    }

    /// Those that have the directory and cannot offer it, this peer among them, in the order of the text.
    private func unfit(_ ask: Ask, _ wish: FetchWish) -> [PeerAddress] {
        var unfit = ask.unfit
        if wish.tree, case .unfit = shelf.making(of: wish.name, now: now), let own = roster.entries[id]?.address {
            unfit.insert(own)
        }
        return unfit.sorted(byTextOf: \.self)
    }

    /// What is here is a version too, also if nobody else has it: to look at, since there is nothing of it to fetch.
    private func withOwn(_ offered: [FileVersion], _ ask: Ask, _ wish: FetchWish) -> [FileVersion] {
        guard let local = ask.local, !offered.contains(where: { $0.root == local.root }) else { return offered }
        let own = FileVersion(
            root: local.root, length: local.length, modified: modified(local, wish),
            holders: [VersionHolder(address: nil, have: local.length)])
        // None is held by fewer.
        return offered + [own]
    }

    /// When what is here was modified, in seconds since 1970; 0 if that is not known.
    private func modified(_ local: LocalVersion, _ wish: FetchWish) -> Int64 {
        (wish.tree ? shelf.manifest(local.root) : catalog[wish.name])?.modified ?? 0
    }

    private mutating func take(_ version: FileVersion, _ request: Request, _ ask: Ask) {
        let root = version.root
        if let local = ask.local {
            if case .newest = request.wish.choose, modified(local, request.wish) > version.modified {
                return finishAlready(request.id, local)
            }
            // A directory takes what it lacks: its files are looked at one by one.
            if local.root == root, !request.wish.tree { return finishAlready(request.id, local) }
            if !request.wish.force, !request.wish.tree {
                return fail(request.id, .exists(local: local.root, offered: root))
            }
        }
        if let running = running(request.wish) { return revive(running, with: version, request, ask) }
        startDownload(version, request, ask)
    }

    /// The name is being fetched already, and waits: those who offer its version are its holders now.
    private mutating func revive(
        _ running: Download, with version: FileVersion, _ request: Request, _ ask: Ask
    ) {
        guard running.root == version.root else {
            if case .failed(.cancelled) = running.phase, running.kind != .tree, running.have > 0 {
                return fail(request.id, .otherVersionKept(running.root, have: running.have))
            }
            // What has come of a directory is in the share, and stays.
            let hasNothing = running.have == 0 || running.kind == .tree
            guard running.isWaiting && hasNothing || running.failure != nil else {
                return fail(request.id, .otherVersionRunning(running.root))
            }
            // Nothing of it will come any more: what the swarm has now takes its place.
            bequeathMembers(of: running, to: request.id.rawValue)
            let length = running.kind == .tree ? running.length : nil
            removeDownload(running.id, .outdated(running.root, have: running.have, length: length))
            return startDownload(version, request, ask)
        }
        attach(request.id, to: running.id)
        takeUp(running)
        for (peer, offer) in ask.offers where offer.root == version.root {
            if let connection = connections[peer] { addHolder(peer, connection, offer.holding, to: running.id) }
        }
    }

    mutating func finishAlready(_ id: RequestID, _ local: LocalVersion) {
        guard let request = end(id) else { return }
        emit(
            .finished(
                id,
                FetchResult(
                    name: request.wish.name, root: local.root, length: local.length, holders: [], already: true,
                    took: now - request.since, backup: nil)))
    }

    mutating func fail(_ id: RequestID, _ failure: FetchFailure) {
        guard end(id) != nil else { return }
        emit(.failed(id, failure))
    }

    private mutating func end(_ id: RequestID) -> Request? {
        guard let request = requests.removeValue(forKey: id) else { return nil }
        if case .asking(let ask) = request.state, case .begun(let download) = ask.provisional { abandon(download) }
        return request
    }
}
