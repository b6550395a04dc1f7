import Content
import PeerCore
import Posix
import Storage

/// What scans come upon.
extension ShareIndexer {
    mutating func scanned(_ outcome: ScanStep.Outcome, _ catalog: Catalog, at now: UInt64) {
        self.now = now
        switch outcome {
        case .more(let step, let report):
            take(report, catalog)
            act(.submit(.scan(step)))
        case .done(let report):
            take(report, catalog)
            ended(report, catalog)
        }
    }

    private mutating func take(_ report: ScanReport, _ catalog: Catalog) {
        handle(watcher.watched(report.watched), catalog, at: now)
        if let error = report.unwatched {
            blindness = "\(error)"
            poll(because: "\(error)")
        }
        for refusal in report.refused { refuse(refusal.shown, refusal.reason) }
        switch scans.running {
        case .first(let files): compare(report, with: files, catalog)
        case .again(let baseline): compare(report, with: baseline, catalog)
        case .part, nil: for (file, _) in report.found { take(file, catalog) }
        }
    }

    private mutating func compare(_ report: ScanReport, with files: [IndexedFile], _ catalog: Catalog) {
        for position in report.unchanged where isNew(files[position].name, catalog) {
            offer(SharedFile(files[position]))
        }
        for (file, position) in report.renamed where isNew(file.name, catalog) {
            offerRenamed(SharedFile(files[position]), as: file)
        }
        for (file, position) in report.found where isNew(file.name, catalog) {
            if let position { former[file.name] = SharedFile(files[position]) }
            judge(file, catalog, hasRow: position != nil)
        }
    }

    /// Nothing has been heard of it since the daemon started, neither by the watches nor by a download.
    private func isNew(_ name: ShareName, _ catalog: Catalog) -> Bool {
        unsettled[name] == nil && catalog[name] == nil
    }

    private mutating func compare(_ report: ScanReport, with baseline: ShareBaseline, _ catalog: Catalog) {
        for (file, position) in report.renamed {
            // What was known when the scan began may have changed since.
            if unsettled[file.name] == nil, let old = catalog[baseline.name(at: position)],
                old.identity == file.identity
            {
                offerRenamed(old, as: file)
            } else {
                take(file, catalog)
            }
        }
        for (file, _) in report.found { take(file, catalog) }
    }

    // MARK: The end

    private mutating func ended(_ report: ScanReport, _ catalog: Catalog) {
        switch scans.running {
        case .first(let files):
            for position in report.vanished { vanished(files[position].name, catalog) }
            firstScanEnded()
        case .again(let baseline):
            errors.endRenewal()
            isRecovering = false
            // It may have turned up again since: a look decides.
            for position in report.vanished {
                touched(baseline.name(at: position), isWritten: false, cookie: nil, catalog)
            }
        case .part, nil: break
        }
        let gone = watcher.scansEnded()
        if !gone.isEmpty { act(.unwatch(gone)) }
        if scans.ended(at: now) { pollOn() }
    }

    private mutating func vanished(_ name: ShareName, _ catalog: Catalog) {
        if isNew(name, catalog) { rows.append(.remove(name)) } else { unsettled.change(name) { $0.hasRow = true } }
    }

    // MARK: Without watches

    mutating func poll(because reason: String) {
        if !isPolling { act(.note(.polling(reason: reason))) }
        isPolling = true
        scans.addWhole(at: now + IndexLimits.pollInterval.nanoseconds)
    }

    /// After each scan of the whole share: it tried to watch everything again.
    private mutating func pollOn() {
        if let blindness {
            poll(because: blindness)
        } else if isPolling {
            isPolling = false
            act(.note(.watching))
        }
    }

    mutating func refuse(_ shown: String, _ reason: String) {
        if errors.add(shown, reason, room: errorRoom) { act(.note(.refused(shown: shown, reason: reason))) }
    }
}
