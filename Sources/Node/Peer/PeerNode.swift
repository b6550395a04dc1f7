import Content
import Control
import Logging
import PeerCore
import Posix
import Reactor
import Storage
import Transport
import Wire

typealias PeerReactor = Reactor<PeerCompletion>
typealias PeerTransport = Transport<PeerCompletion>

/// The peer machine on its reactor: events and completions become inputs, effects become calls.
///
/// Only one way in and one way out: everything that happens goes through `feed`, and everything the machine wants
/// through `perform` (PeerEffects.swift).
final class PeerNode: ReactorHandler {
    typealias Completion = PeerCompletion

    /// To say goodbye.
    private static let leaveSpan = Span.seconds(2)
    /// Between two looks whether the share is where it was: no event tells that a file system was unmounted or mounted.
    private static let directoriesSpan = Span.seconds(5)
    /// For jobs that are running then.
    private static let endSpan = Span.seconds(2)
    private static let lookupEndSpan = Span.milliseconds(100)

    let settings: PeerSettings
    let reactor: PeerReactor
    let transport: PeerTransport
    let workers: WorkerPool<PeerJob, PeerCompletion>
    /// Looks up managers by name, if there are any: name servers may be silent for long, and no disk is to wait for them.
    let lookups: WorkerPool<PeerJob, PeerCompletion>?
    let ledger: Ledger
    let control: ControlServer<PeerCompletion>
    let logger: Logger
    let started: UInt64
    let id: PeerID

    var machine: PeerMachine<SystemRandomNumberGenerator>
    var indexer: ShareIndexer
    let verifications = Verifications()
    let hooks: Hooks
    let uploads: Uploads
    var intake = PieceIntake()
    var partials = PartialTable()
    let partialStore: PartialStore
    /// Trees whose files are being fetched.
    var trees: [DownloadID: TreeRun] = [:]
    /// Higher in each run of the daemon than in those before: what one of them left and could not be removed is no
    /// staged file of this one's. In milliseconds since 1970 it begins.
    var lastTreeRun = UInt64(clamping: WallClock.nanoseconds() / 1_000_000)
    /// Small files of trees on their way in.
    var batches: [ConnectionID: FileBatch] = [:]
    var manifestsInMaking: Set<ShareName> = []
    /// Requests that want to know which version of a directory is here.
    var manifestWaiters: [ShareName: [RequestID]] = [:]
    /// Partial files of an earlier run that nobody has opened yet.
    var leftovers: [DownloadID: PartialRecord] = [:]
    /// Commits whose files are being synced: the daemon does not end before they are recorded.
    var syncsUnderWay = 0
    /// Directories given up whose files are being taken out of the share; who is answered when they are, and what is
    /// looked at then.
    var removals = Removals()
    var answersAfterRemoval: [DueAnswer] = []
    var looksAfterRemoval: [PeerEffect] = []
    /// Downloads that have a row in the database.
    var recordedDownloads: Set<DownloadID> = []
    /// Downloads of which the database has not taken the last change, or the end: it is given to it again.
    var unrecorded: Set<DownloadID> = []
    /// What an earlier run left is known; before that, clients wait.
    var isRestored = false
    var postponed: [(ControlRequest, ControlClientID)] = []
    /// Why the database took no record the last time.
    var recordsError: StateDatabaseError?
    var dials: [ConnectionID: Dial] = [:]
    var watch = RequestWatch()
    /// What each client of the control socket has verified now.
    var verifies: [ControlClientID: Set<VerificationID>] = [:]

    var inotifyToken: Token?
    var indexTimer: TimerID?
    var indexDeadline: UInt64?
    var wasIndexing = true
    var verifyTimer: TimerID?
    var rowsTimer: TimerID?
    /// Changes of the index on their way to the database.
    var rowsUnderWay: [FileChange] = []
    var recordsTimer: TimerID?
    var checkpointTimer: TimerID?
    var isWritingRows = false
    /// There is a database.
    var keepsRows = true
    /// Why it took nothing the last time.
    var rowsError: StateDatabaseError?
    var wakeTimer: TimerID?
    var uploadsTimer: TimerID?
    private var progressTimer: TimerID?
    private var leaveTimer: TimerID?
    private var directoriesTimer: TimerID?
    /// A directory that it works in is not where it was opened: nothing more can be done here.
    private(set) var beginsAnew = false
    private var inputs = InputQueue<PeerInput>()
    private var effects: [PeerEffect] = []

    init(
        _ settings: PeerSettings, id: PeerID, share: Share, partials: PartialStore,
        control: ControlServer<PeerCompletion>,
        reactor: PeerReactor, logger: Logger
    ) {
        self.settings = settings
        self.id = id
        self.reactor = reactor
        self.control = control
        self.logger = logger
        started = reactor.now
        partialStore = partials
        hooks = Hooks(settings.hooks, share: settings.share, reactor: reactor, logger: logger)
        var limits = TransportLimits(queueMax: Caps.Peer.queuedOnConnection)
        (limits.queueTotalMax, limits.queueShare) = (Caps.Peer.queued, Caps.Peer.queuedShare)
        transport = Transport(reactor: reactor, limits: limits)
        transport.setRates(settings.rates)
        uploads = Uploads(UploadPolicy(slots: settings.uploadSlots))
        uploads.limit(to: settings.rates.upload)
        let manifests = ManifestStore(statePath: settings.stateDirectory)
        let makeWorker = { @Sendable in
            let worker = PeerWorker(share: share, partials: partials, manifests: manifests)
            return { (job: PeerJob) in worker.perform(job) }
        }
        workers = WorkerPool(count: settings.workers, mailbox: reactor.mailbox, makeWorker: makeWorker)
        let isNamed = settings.managers.contains { $0.address == nil }
        lookups = isNamed ? WorkerPool(count: 1, mailbox: reactor.mailbox, makeWorker: makeWorker) : nil
        ledger = Ledger(statePath: settings.stateDirectory, partials: partials, mailbox: reactor.mailbox)
        indexer = ShareIndexer(Result { () throws(SystemError) in try Inotify() })
        var policy = PeerPolicy()
        policy.runningMax = settings.maxDownloads
        policy.fit(descriptors: DescriptorLimit.current)
        machine = PeerMachine(
            id: id, listenPort: settings.port, label: settings.label, managerCount: settings.managers.count,
            policy: policy, random: SystemRandomNumberGenerator())
    }

    func begin() throws(SystemError) {
        _ = try transport.listen(on: settings.listen)
        logger.info(
            "listening",
            metadata: ["address": "\(settings.listen)", "share": "\(settings.share)", "id": "\(id.hex)"])
        hooks.begin()
        try beginIndexing()
        checkDirectoriesLater()
        feed(.wake)
    }

    /// - Returns: false if a worker is still at its job: one that waits for a disk is not waited for long, nor one that
    ///   waits for a name server.
    @discardableResult
    func end() -> Bool {
        hooks.end()
        let isLedgerDone = ledger.shutDown(waitingAtMost: Self.endSpan.nanoseconds)
        let areWorkersDone = workers.shutDown(waitingAtMost: Self.endSpan.nanoseconds)
        let areLookupsDone = lookups?.shutDown(waitingAtMost: Self.lookupEndSpan.nanoseconds) ?? true
        return isLedgerDone && areWorkersDone && areLookupsDone
    }

    // MARK: Inputs

    func feed(_ input: PeerInput) {
        inputs.append(input)
        while let next = inputs.next() {
            machine.handle(next, now: Moment(nanoseconds: reactor.now), effects: &effects)
            let batch = effects
            effects.removeAll(keepingCapacity: true)
            for effect in batch { perform(effect) }
            inputs.done()
        }
    }

    func ready(_ token: Token, _ mask: EventPoll.Mask) {
        if transport.ready(token, mask, self) || hooks.ready(token) { return }
        if token == inotifyToken {
            readShareEvents()
            return continueIndexing()
        }
        control.ready(token, mask, self)
    }

    func fired(_ timer: TimerID) {
        if transport.fired(timer, self) || control.fired(timer) || hooks.fired(timer) { return }
        switch timer {
        case wakeTimer: feed(.wake)
        case uploadsTimer: uploads.sweep(transport, self)
        case indexTimer: indexTimerFired()
        case rowsTimer: writeRows()
        case recordsTimer: recordAgain()
        case checkpointTimer: checkpoint()
        case verifyTimer: continueVerifying()
        case progressTimer: reportProgress()
        case directoriesTimer: workers.submit(.checkDirectories)
        case leaveTimer: reactor.stop()
        default: break
        }
    }

    func received(signal: Int32) {
        logger.info("stopping", metadata: ["signal": "\(signal)"])
        leave()
    }

    func endOfTick() {
        keepRows()
        transport.flush(self)
        handOverFiles()
        if machine.isQuiet { intake.trim() }
        if leaveTimer != nil, transport.count == 0, syncsUnderWay == 0, ledger.isIdle { reactor.stop() }
    }

    // MARK: Rate limits

    /// What holds now; networks that are exempt are in it.
    var rates: RateLimits { transport.rates }

    /// Changes the limits while everything goes on; nil is no limit. The settings come back with the next start.
    func setLimits(upload: ByteRate?, download: ByteRate?) {
        transport.setRates(RateLimits(upload: upload, download: download, exempt: rates.exempt))
        uploads.limit(to: upload)
        logger.info(
            "rate limits changed",
            metadata: ["upload": "\(ByteRate.text(upload))", "download": "\(ByteRate.text(download))"])
    }

    // MARK: The share

    private func checkDirectoriesLater() {
        directoriesTimer = reactor.setTimer(at: reactor.now + Self.directoriesSpan.nanoseconds)
    }

    /// What was there cannot be had any more, and what is there now is not what is open here: the daemon leaves, and begins
    /// anew (PeerDaemon.swift).
    func directoriesChecked(_ lost: LostDirectory?) {
        guard let lost else { return checkDirectoriesLater() }
        guard !isLeaving else { return }
        switch lost {
        case .share:
            logger.error("the share was unmounted, moved or replaced", metadata: ["path": "\(settings.share)"])
        case .partials(let path):
            logger.error("the directory of partial files was removed or replaced", metadata: ["path": "\(path)"])
        case .state(let path):
            logger.error("the directory of the daemon's state was moved or removed", metadata: ["path": "\(path)"])
        }
        beginsAnew = true
        leave()
    }

    // MARK: Leaving

    var isLeaving: Bool { leaveTimer != nil }

    /// Tells the manager and ends, at once if it has been told, or when the time for it is over.
    func leave() {
        guard leaveTimer == nil else { return }
        if !beginsAnew { Readiness.notify(.stopping, logger: logger) }
        transport.closeListeners()
        leaveTimer = reactor.setTimer(at: reactor.now + Self.leaveSpan.nanoseconds)
        feed(.leave)
    }

    // MARK: Progress

    func startProgress() {
        guard progressTimer == nil else { return }
        progressTimer = reactor.setTimer(at: reactor.now + RequestWatch.interval.nanoseconds)
    }

    private func reportProgress() {
        progressTimer = nil
        guard !watch.isEmpty || !machine.isQuiet else { return }
        let told = watch.progress(of: machine.downloadStatuses, at: reactor.now) {
            machine.downloadStatus(of: $0)
        } place: {
            partials[$0].map { ($0.readable.path, $0.shownSeal) }
        }
        for (client, notification) in told {
            control.send(ControlLine.notification(notification), to: client)
        }
        startProgress()
    }
}
