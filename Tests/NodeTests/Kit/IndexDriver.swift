import Content
import Foundation
import PeerCore
import Posix
import Testing

@testable import Node
@testable import Storage

/// The indexer on a real share, its jobs done one by one when told to, with a clock and an age of files that tests set.
final class IndexDriver {
    let shared: Shared
    var indexer: ShareIndexer
    private(set) var catalog = Catalog()
    private(set) var now: UInt64 = 1_000_000_000
    private(set) var jobs: [PeerJob] = []
    private(set) var notes: [IndexNote] = []
    /// Names in the order in which they were hashed to the end.
    private(set) var hashed: [String] = []
    private(set) var looks = 0
    /// What else was wanted, in order.
    private(set) var log: [String] = []
    /// How long ago files are taken to have been changed.
    var age = Span.seconds(10)
    var batchesAtOnce = 0

    init(_ shared: Shared, inotify: Result<Inotify, SystemError> = .failure(SystemError("create", on: "x", code: 1))) {
        self.shared = shared
        indexer = ShareIndexer(inotify)
    }

    /// With watches, and events as the kernel tells them.
    convenience init(watching shared: Shared) throws {
        self.init(shared, inotify: .success(try Inotify()))
    }

    // MARK: What happens

    func load(_ files: [IndexedFile] = []) {
        indexer.loaded(files, at: now)
        proceed()
    }

    func change(_ changes: ShareWatcher.Change...) {
        indexer.handle(changes, catalog, at: now)
        proceed()
    }

    /// A download has put a file there.
    func deliver(_ file: IndexedFile) {
        indexer.record(file)
        catalog.insert(SharedFile(file))
    }

    /// Takes what the kernel has told meanwhile.
    func hear() throws {
        guard let inotify = indexer.inotify else { return }
        while case let events = try inotify.read(), !events.isEmpty {
            let changes = indexer.watcher.handle(events, isScanning: indexer.scans.running != nil)
            indexer.handle(changes, catalog, at: now)
        }
        proceed()
    }

    func proceed() {
        for action in indexer.takeActions() { perform(action) }
        indexer.proceed(catalog, at: now)
        for action in indexer.takeActions() { perform(action) }
    }

    private func perform(_ action: IndexAction) {
        switch action {
        case .submit(let job): jobs.append(job)
        case .offer(let file):
            catalog.insert(file)
            log.append("offer \(file.name)")
        case .withdraw(let name), .suspend(let name):
            if catalog[name] != nil { log.append("withdraw \(name)") }
            catalog.remove(name)
        case .unwatch(let watches): for watch in watches { indexer.inotify?.remove(watch) }
        case .note(let note): notes.append(note)
        }
        batchesAtOnce = max(batchesAtOnce, indexer.batches)
    }

    // MARK: Jobs

    /// Does the oldest job.
    func work() {
        guard !jobs.isEmpty else {
            Issue.record("there is nothing to do")
            return
        }
        switch shared.worker.perform(jobs.removeFirst()) {
        case .scanned(let outcome): indexer.scanned(aged(outcome), catalog, at: now)
        case .looked(let seen):
            looks += 1
            indexer.looked(seen.map(aged), catalog, at: now)
        case .indexed(let outcome):
            for case .done(let file) in outcome.findings { hashed.append(file.name.path) }
            indexer.indexed(outcome, catalog, at: now)
        default: Issue.record("not a job of the indexer")
        }
        proceed()
    }

    /// Does the oldest job, a look, as a disk does that fails to read.
    func failToLook() {
        guard case .look(let names)? = jobs.first else {
            Issue.record("no look is next")
            return
        }
        jobs.removeFirst()
        indexer.looked(names.map { .failed($0, SystemError("stat", on: $0.path, code: EIO)) }, catalog, at: now)
        proceed()
    }

    /// Does the oldest job, the hashing of one file, as a disk does that fails to read.
    func failToHash(_ name: ShareName) {
        guard case .index? = jobs.first else {
            Issue.record("no hashing is next")
            return
        }
        jobs.removeFirst()
        let error = SystemError("read", on: name.path, code: EIO)
        indexer.indexed(.init(findings: [.failed(name, error)], rest: nil, hashed: 0), catalog, at: now)
        proceed()
    }

    /// Does all jobs there are and those that come of them, without letting time pass.
    func finish() {
        proceed()
        while !jobs.isEmpty { work() }
    }

    /// Lets time pass, with everything done in it that is due.
    func pass(_ span: Span) {
        let end = now + span.nanoseconds
        finish()
        while let deadline = indexer.deadline, deadline <= end {
            now = max(now, deadline)
            finish()
        }
        now = end
    }

    /// Lets time pass until there is something to do.
    func advanceToJob() {
        while jobs.isEmpty, let deadline = indexer.deadline {
            now = max(now, deadline)
            proceed()
        }
    }

    /// Passes over what the kernel has told.
    func deafen() throws {
        while try indexer.inotify?.read().isEmpty == false {}
    }

    /// Loads, scans and hashes what there is.
    func start(_ files: [IndexedFile] = []) {
        load(files)
        finish()
    }

    private func aged(_ outcome: ScanStep.Outcome) -> ScanStep.Outcome {
        switch outcome {
        case .more(let step, let report): .more(step, aged(report))
        case .done(let report): .done(aged(report))
        }
    }

    private func aged(_ report: ScanReport) -> ScanReport {
        var report = report
        report.found = report.found.map { (aged($0.file), $0.position) }
        report.renamed = report.renamed.map { (aged($0.file), $0.position) }
        return report
    }

    private func aged(_ look: Share.Looked) -> Share.Looked {
        if case .file(let file) = look { .file(aged(file)) } else { look }
    }

    private func aged(_ file: FoundFile) -> FoundFile {
        FoundFile(
            name: file.name, identity: file.identity, linkCount: file.linkCount, age: Int64(age.nanoseconds))
    }

    // MARK: What is so

    var offered: [String] { catalog.page(after: nil, limit: 100_000).files.map(\.name.path) }
    func root(_ name: String) throws -> FileRoot? { catalog[try ShareName(name)]?.root }

    /// As `p2pctl files` has them: name and state.
    var states: [String: String] {
        let files = indexer.page(after: nil, limit: 1000, catalog, unfit: []).files
        return Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.state.rawValue) })
    }

    func cause(_ name: String) -> String? {
        indexer.page(after: nil, limit: 1000, catalog, unfit: []).files.first { $0.name == name }?.cause
    }

    /// What the database would hold.
    var rows: [String: IndexedFile] {
        var rows: [String: IndexedFile] = [:]
        for change in indexer.rows {
            switch change {
            case .put(let file): rows[file.name.path] = file
            case .remove(let name): rows[name.path] = nil
            case .addFragment, .removeFragment: break
            }
        }
        return rows
    }

    var removedRows: [String] {
        indexer.rows.compactMap { if case .remove(let name) = $0 { name.path } else { nil } }
    }
}
