import Content
import Foundation
import Posix
import Testing

@testable import Node
@testable import Storage

struct LedgerWorkerTests {
    private let shared: Shared

    init() throws { shared = try Shared() }

    private var state: String { "\(shared.path)/state" }

    private func loaded(_ worker: LedgerWorker) throws -> [String] {
        guard case .indexLoaded(let result) = worker.perform(.loadIndex) else { return ["another completion"] }
        return try result.get().files.map(\.name.path).sorted()
    }

    @Test("What is written is there for the next daemon")
    func keeps() throws {
        for name in ["a", "b"] { try shared.write([1], to: name) }
        let files = try ["a", "b"].map { try shared.index($0) }
        let worker = LedgerWorker(statePath: state, partials: shared.partials)
        guard case .opened(.success(nil)) = worker.perform(.open),
            case .indexWritten(.success(2)) = worker.perform(.writeIndex(files.map { .put($0) })),
            case .indexWritten(.success(1)) = worker.perform(.writeIndex([.remove(files[0].name)]))
        else {
            Issue.record("not opened or not written")
            return
        }
        let next = LedgerWorker(statePath: state, partials: shared.partials)
        _ = next.perform(.open)
        #expect(try loaded(next) == ["b"])
    }

    @Test(
        "Partial files that no download needs are gone before anybody knows of the downloads, whose files they might be"
    )
    func clearsPartials() throws {
        let worker = LedgerWorker(statePath: state, partials: shared.partials)
        _ = worker.perform(.open)
        let left = "\(state)/partial/\(String(repeating: "a", count: 64)).1"
        try Data([1]).write(to: URL(fileURLWithPath: left))
        guard case .downloadsLoaded(.success(let kept)) = worker.perform(.loadDownloads(now: 0)) else {
            Issue.record("not loaded")
            return
        }
        #expect(kept.unremoved.isEmpty && !FileManager.default.fileExists(atPath: left))
    }

    @Test("What had come of a download whose record makes no sense is set aside, told once, and never removed")
    func setsAside() throws {
        let worker = LedgerWorker(statePath: state, partials: shared.partials)
        _ = worker.perform(.open)
        let fileName = "\(String(repeating: "a", count: 64)).1"
        let record = DownloadRecord(
            id: 1, kind: .file, name: try ShareName("a"), root: FileRoot(digest: .zero, length: 1), modified: 0,
            replacing: false,
            keepBackup: true, sync: true, priority: 0, order: 1, state: .failed("no", kind: ""),
            partial: PartialRecord(
                fileName: fileName, device: 1, inode: 1, bootID: "", seal: 0, layer: [.zero],
                pieces: PieceSet(pieceCount: 1)), added: 0)
        _ = worker.perform(.putDownload(record))
        try Data([1]).write(to: URL(fileURLWithPath: "\(state)/partial/\(fileName)"))
        let database = try StateDatabase.open(in: try Directory(path: state), with: shared.partials).database
        try database.access("test") { try $0.execute(sql: "UPDATE downloads SET kind = 9") }
        for isFirst in [true, false] {
            let next = LedgerWorker(statePath: state, partials: shared.partials)
            _ = next.perform(.open)
            guard case .downloadsLoaded(.success(let kept)) = next.perform(.loadDownloads(now: 0)) else {
                Issue.record("not loaded")
                return
            }
            #expect(kept.downloads.isEmpty && kept.unreadable.count == (isFirst ? 1 : 0))
            let place = try FileManager.default.contentsOfDirectory(atPath: state).first {
                $0.hasPrefix("partial.unreadable-")
            }
            #expect(place.map { FileManager.default.fileExists(atPath: "\(state)/\($0)/\(fileName)") } == true)
            #expect(!isFirst || kept.unreadable.first?.contains(place ?? "-") == true)
        }
    }

    @Test("After a checkpoint nothing is in the log alone")
    func checkpoints() throws {
        try shared.write([1], to: "a")
        let worker = LedgerWorker(statePath: state, partials: shared.partials)
        _ = worker.perform(.open)
        _ = worker.perform(.writeIndex([.put(try shared.index("a"))]))
        let log = URL(fileURLWithPath: "\(state)/\(StateDatabase.fileName)-wal")
        #expect(try !Data(contentsOf: log).isEmpty)
        guard case .checkpointed = worker.perform(.checkpoint) else {
            Issue.record("another completion")
            return
        }
        #expect(try Data(contentsOf: log).isEmpty)
        #expect(try loaded(worker) == ["a"])
    }

    @Test("Without a database every job fails in words, and nothing ends")
    func fails() throws {
        let worker = LedgerWorker(statePath: "\(shared.path)/nowhere", partials: shared.partials)
        guard case .opened(.failure(let error)) = worker.perform(.open),
            case .indexLoaded(.failure) = worker.perform(.loadIndex),
            case .indexWritten(.failure) = worker.perform(.writeIndex([]))
        else {
            Issue.record("a job ended well")
            return
        }
        #expect("\(error)".contains("\(shared.path)/nowhere"))
    }
}
