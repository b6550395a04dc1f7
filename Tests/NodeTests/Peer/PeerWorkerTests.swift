import Content
import Foundation
import Hashing
import PeerCore
import Posix
import Reactor
import Storage
import Testing

@testable import Node

struct PeerWorkerTests {
    private let shared: Shared
    private let request = RequestID(rawValue: 1)
    private let id = DownloadID(rawValue: 1)

    init() throws { shared = try Shared() }

    private func inspect(_ name: String, known: KnownFile? = nil) throws -> Inspection {
        var completion = shared.worker.perform(.inspect(request, try ShareName(name), known: known))
        while case .inspected(_, _, .hashing(let step)) = completion {
            completion = shared.worker.perform(.inspectStep(request, step))
        }
        guard case .inspected(request, _, let inspection) = completion else { throw CocoaError(.featureUnsupported) }
        return inspection
    }

    @Test("What stands at a name is told: nothing, a file by its content, or why it cannot be")
    func inspects() throws {
        try shared.write(Pattern.bytes((16 << 20) + 1), to: "file")
        mkfifo("\(shared.sharePath)/pipe", 0o600)
        let indexed = try shared.index("file")
        guard case .settled(.absent) = try inspect("nothing"), case .hashed(let file) = try inspect("file"),
            case .settled(.occupied) = try inspect("pipe"), case .settled(.occupied) = try inspect("file/below")
        else {
            Issue.record("told otherwise")
            return
        }
        #expect(file.root == indexed.root && file.identity == indexed.identity)
    }

    @Test("A file that stands as it was indexed is not hashed again, one that does not is")
    func trustsIndex() throws {
        try shared.write([1, 2], to: "file")
        let indexed = try shared.index("file")
        let claimed = FileRoot(digest: .zero, length: 2)
        let known = KnownFile(identity: indexed.identity, root: claimed)
        guard case .settled(.file(claimed)) = try inspect("file", known: known) else {
            Issue.record("hashed again")
            return
        }
        try shared.write([1, 2, 3], to: "file")
        guard case .hashed(let file) = try inspect("file", known: known) else {
            Issue.record("trusted")
            return
        }
        #expect(file.root.length == 3)
    }

    @Test("A row of digests is right only if it has the pieces' number and leads to the root")
    func checksLayer() throws {
        try shared.write(Pattern.bytes((3 << 20) + 1), to: "file")
        let file = try shared.index("file")
        var wrong = file.layer
        wrong[2] = .zero
        let layers = [
            (file.layer, true), (wrong, false), (Array(file.layer.dropLast()), false), (file.layer + [.zero], false),
            ([], false),
        ]
        for (layer, expected) in layers {
            guard case .layerChecked(id, let isRight) = shared.worker.perform(.checkLayer(id, file.root, layer)) else {
                Issue.record("no answer")
                return
            }
            #expect(isRight == expected)
        }
        let tooLong = FileRoot(digest: .zero, length: .max)
        guard case .layerChecked(_, isRight: false) = shared.worker.perform(.checkLayer(id, tooLong, [])) else {
            Issue.record("a length beyond all pieces was taken")
            return
        }
    }

    @Test("A download's file is made, filled, delivered and known, without a detour")
    func storesAndDelivers() throws {
        let bytes = Pattern.bytes((1 << 20) + 9)
        try shared.write(bytes, to: "source")
        let source = try shared.index("source")
        let name = try ShareName("new/file")
        guard
            case .partialOpened(id, .success(let partial)) = shared.worker.perform(
                .openPartial(
                    DownloadEntry(
                        id: id, name: name, root: source.root, modified: 0, replacing: false, keepsBackup: true,
                        sync: false,
                        priority: 0, state: .running),
                    source.layer, minFree: .bytes(0), runs: []))
        else {
            Issue.record("no partial file")
            return
        }
        #expect(store(partial, 0, Array(bytes[..<(1 << 20)])) == .stored)
        #expect(store(partial, 1, [UInt8](repeating: 0, count: 9)) == .wrong)
        #expect(store(partial, 1, Array(bytes[(1 << 20)...])) == .stored)
        guard
            case .delivered(id, let delivered) = shared.worker.perform(
                .deliver(
                    id, partial, DeliveryTerms(replacing: false, keepsBackup: true, sync: false, modified: 0)))
        else {
            Issue.record("not delivered")
            return
        }
        #expect(delivered.file.root == source.root && delivered.file.name == name)
        #expect(try shared.index("new/file").root == source.root)
    }

    @Test("What cannot be done since the share was moved away is no failure of the download's")
    func shareIsElsewhere() throws {
        try shared.write([1, 2], to: "source")
        let source = try shared.index("source")
        let entry = DownloadEntry(
            id: id, name: try ShareName("file"), root: source.root, modified: 0, replacing: false, keepsBackup: true,
            sync: false, priority: 0, state: .running)
        let opened = shared.worker.perform(.openPartial(entry, source.layer, minFree: .bytes(0), runs: []))
        guard case .partialOpened(id, .success(let partial)) = opened else {
            Issue.record("no partial file")
            return
        }
        #expect(store(partial, 0, [1, 2]) == .stored)
        let (path, elsewhere) = (shared.sharePath, shared.sharePath + ".elsewhere")
        try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
        let job = PeerJob.deliver(
            id, partial, DeliveryTerms(replacing: false, keepsBackup: true, sync: false, modified: 0))
        guard case .directoriesChecked(lost: .share?) = shared.worker.perform(job) else {
            Issue.record("told as a failure")
            return
        }
        try FileManager.default.moveItem(atPath: elsewhere, toPath: path)
        guard case .delivered(id, _) = shared.worker.perform(job) else {
            Issue.record("not delivered though the share is back")
            return
        }
    }

    @Test(
        "A file that stands at the name already is a delivery if it is the very same, and in the way if it is another",
        arguments: [true, false])
    func isThereAlready(isSame: Bool) throws {
        try shared.write([1, 2], to: "source")
        let source = try shared.index("source")
        try shared.write(isSame ? [1, 2] : [1, 3], to: "file")
        let entry = DownloadEntry(
            id: id, name: try ShareName("file"), root: source.root, modified: 0, replacing: false, keepsBackup: true,
            sync: true, priority: 0, state: .running)
        let opened = shared.worker.perform(.openPartial(entry, source.layer, minFree: .bytes(0), runs: []))
        guard case .partialOpened(id, .success(let partial)) = opened else {
            Issue.record("no partial file")
            return
        }
        #expect(store(partial, 0, [1, 2]) == .stored)
        let terms = DeliveryTerms(replacing: false, keepsBackup: true, sync: true, modified: 0)
        switch shared.worker.perform(.deliver(id, partial, terms)) {
        case .delivered(id, let delivered): #expect(isSame && delivered.file.root == source.root)
        case .undelivered(id, .occupied, _): #expect(!isSame)
        default: Issue.record("another completion")
        }
        #expect(FileManager.default.fileExists(atPath: partial.readable.path) != isSame)
    }

    @Test("What is missing on the disk is told beside all that is needed, also if it shows only when it is reserved")
    func missingRoom() throws {
        let floor = UInt64.max / 4
        let failure = try #require(shared.worker.missing([1000], .bytes(floor)))
        let missing = try #require(failure.missingBytes)
        #expect(failure.isOutOfSpace && failure.neededBytes == 4096 && missing > floor / 2 && missing < floor)
        let full = SystemError("reserve", on: "x", code: ENOSPC)
        let late = shared.worker.notReserved(1000, .bytes(floor), full)
        #expect(late.message == "\(full)" && late.isOutOfSpace && late.neededBytes == 1000)
        // Others write to this disk as well.
        #expect((missing / 2...floor).contains(try #require(late.missingBytes)))
        #expect(shared.worker.notReserved(1000, .bytes(0), full).missingBytes == nil)
        let broken = shared.worker.notReserved(1000, .bytes(floor), SystemError("reserve", on: "x", code: EIO))
        #expect(broken.missingBytes == nil && !broken.isOutOfSpace)
    }

    @Test("A directory's list of no bytes is refused as one that ends too early, whatever root it is offered under")
    func emptyList() throws {
        for digest in [.zero, try #require(Digest(bytes: [UInt8](repeating: 7, count: 32)))] {
            let entry = DownloadEntry(
                id: id, kind: .tree, name: try ShareName("tree"), root: FileRoot(digest: digest, length: 0),
                modified: 0, replacing: false, keepsBackup: true, sync: false, priority: 0, state: .running)
            guard
                case .partialOpened(id, .success(let partial)) = shared.worker.perform(
                    .openPartial(entry, [], minFree: .bytes(0), runs: [])),
                case .tree(.read(id, .refused(let reason))) = shared.worker.perform(
                    .tree(.read(entry, partial, needed: [])))
            else {
                Issue.record("it was not refused under \(digest)")
                continue
            }
            #expect(reason == "it ends too early")
        }
    }

    private func store(_ partial: PartialFile, _ index: Int, _ bytes: [UInt8]) -> PieceOutcome? {
        let buffer = PieceBuffer(capacity: 1 << 20)
        buffer.memory.copyBytes(from: bytes)
        let sender = ConnectionID(rawValue: 5)
        let job = PeerJob.store(id, partial, sender, index: index, buffer, length: bytes.count)
        guard case .stored(id, sender, index, let back, let outcome) = shared.worker.perform(job), back === buffer
        else {
            return nil
        }
        return outcome
    }

    @Test("A host that is a number is resolved to itself, and one that is none is told with its name")
    func resolves() {
        guard
            case .resolved(3, .success(let address)) = shared.worker.perform(
                .resolve(index: 3, host: "127.0.0.2", port: 9))
        else {
            Issue.record("not resolved")
            return
        }
        #expect("\(address)" == "127.0.0.2:9")
        guard
            case .resolved(_, .failure(let error)) = shared.worker.perform(
                .resolve(index: 0, host: "no such host", port: 9))
        else {
            Issue.record("resolved")
            return
        }
        #expect("\(error)".hasPrefix("look up host no such host: "))
    }
}
