import Content
import Foundation
import Posix
import Testing

@testable import Storage

@Suite struct ManifestStoreTests {
    private let scratch: Scratch
    private let store: ManifestStore
    private let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        store = ManifestStore(statePath: scratch.statePath)
    }

    private func manifest(_ number: Int) throws -> Manifest {
        try Manifest(name: ShareName("models"), entries: [.init(path: "d\(number)", kind: .directory(.openDirectory))])
    }

    private func path(_ root: FileRoot) -> String { "\(scratch.statePath)/manifests/\(root.digest.hex)" }

    @Test("A manifest that is kept is read again by its root, which is that of its bytes")
    func kept() throws {
        let manifest = try manifest(1)
        let kept = try store.keep(manifest, needed: [], with: bench)
        #expect(kept.root.length == UInt64(manifest.bytes.count))
        #expect(kept.layer == [kept.root.digest])
        #expect(try store.read(kept.root, with: bench) == manifest.bytes)
        #expect(Scratch.entries(of: "\(scratch.statePath)/manifests") == [kept.root.digest.hex])
        #expect(try store.open(kept.root.digest).identity.size == kept.root.length)
    }

    @Test("A manifest of several pieces has a digest for each")
    func long() throws {
        let entries = (0..<20_000).map { number in
            Manifest.Entry(path: String(repeating: "x", count: 60) + "\(number)", kind: .directory(.openDirectory))
        }
        let manifest = try Manifest(name: ShareName("models"), entries: entries)
        let kept = try store.keep(manifest, needed: [], with: bench)
        #expect(kept.layer.count == 2)
        #expect(try store.read(kept.root, with: bench) == manifest.bytes)
    }

    @Test("What is not there, was damaged, or has another length is not read")
    func damaged() throws {
        let kept = try store.keep(try manifest(1), needed: [], with: bench)
        #expect(try store.read(FileRoot(digest: .zero, length: 12), with: bench) == nil)
        #expect(try store.read(FileRoot(digest: kept.root.digest, length: 12), with: bench) == nil)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path(kept.root)))
        bytes[11] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path(kept.root)))
        #expect(try store.read(kept.root, with: bench) == nil)
    }

    @Test("One that is right stays as it is when it is kept again, which needs no room")
    func stays() throws {
        let manifest = try manifest(1)
        let kept = try store.keep(manifest, needed: [], with: bench)
        let before = try store.open(kept.root.digest).identity
        #expect(try store.keep(manifest, needed: [], with: bench).root == kept.root)
        #expect(try store.open(kept.root.digest).identity == before)
    }

    @Test("Two directories of the same content may have theirs kept at the same time")
    func together() async throws {
        let manifests = try (0..<50).map(manifest)
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let bench = HashBench()
                    for manifest in manifests { _ = try store.keep(manifest, needed: [], with: bench) }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A damaged one is right again when it is kept again")
    func mended() throws {
        let manifest = try manifest(1)
        let kept = try store.keep(manifest, needed: [], with: bench)
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path(kept.root)))
        _ = try store.keep(manifest, needed: [], with: bench)
        #expect(try store.read(kept.root, with: bench) == manifest.bytes)
    }

    @Test("A root longer than a manifest may be is not read, whatever stands there")
    func tooLong() throws {
        let kept = try store.keep(try manifest(1), needed: [], with: bench)
        let root = FileRoot(digest: kept.root.digest, length: UInt64(ManifestLimits.bytesMax) + 1)
        #expect(try store.read(root, with: bench) == nil)
    }

    @Test("Of many the oldest go, but none that is needed")
    func old() throws {
        let store = ManifestStore(statePath: scratch.statePath, manifestsMax: 64)
        var roots: [FileRoot] = []
        var needed: Set<Digest> = []
        for number in 0..<70 {
            let kept = try store.keep(try manifest(number), needed: needed, with: bench)
            if number == 0 { needed.insert(kept.root.digest) }
            roots.append(kept.root)
            let date = Date(timeIntervalSince1970: 1_500_000_000 + Double(number))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path(kept.root))
        }
        let left = Set(Scratch.entries(of: "\(scratch.statePath)/manifests"))
        #expect(left.count == 65)
        #expect(left.contains(roots[0].digest.hex))
        #expect(!left.contains(roots[1].digest.hex))
        #expect(left.contains(roots[69].digest.hex))
    }

    @Test("What an earlier run left is read by the next")
    func restart() throws {
        let manifest = try manifest(1)
        let kept = try store.keep(manifest, needed: [], with: bench)
        #expect(try ManifestStore(statePath: scratch.statePath).read(kept.root, with: bench) == manifest.bytes)
    }

    @Test(
        "On a full disk it is kept in memory, as long as it is needed and up to the cap, and then nothing is left on the disk",
        .enabled(if: SmallDisk.isPossible))
    func fullDisk() throws {
        let disk = try SmallDisk(at: scratch.statePath, bytes: 1 << 20)
        defer { disk.unmount() }
        let onDisk = try store.keep(try manifest(1), needed: [], with: bench)
        try disk.fill()
        let (second, third) = (try manifest(2), try manifest(3))
        let inMemory = try store.keep(second, needed: [onDisk.root.digest], with: bench)
        #expect(try store.read(inMemory.root, with: bench) == second.bytes)
        #expect(try store.open(inMemory.root.digest).identity.size == inMemory.root.length)
        #expect(try store.read(onDisk.root, with: bench) != nil)
        let next = try store.keep(third, needed: [], with: bench)
        #expect(try store.read(next.root, with: bench) == third.bytes)
        #expect(try store.read(inMemory.root, with: bench) == nil)
        #expect(Scratch.entries(of: "\(scratch.statePath)/manifests") == [onDisk.root.digest.hex])
    }

    @Test("What is kept in memory has a cap")
    func memoryCap() throws {
        let unstored = UnstoredManifests()
        let half = [UInt8](repeating: 1, count: Int(StorageLimits.unstoredManifestBytesMax / 2))
        let digests = try (1...3).map { try #require(Digest(bytes: .init(repeating: $0, count: 32))) }
        let needed = Set(digests)
        #expect(try unstored.keep(half, as: digests[0], needed: needed))
        #expect(try unstored.keep(half, as: digests[1], needed: needed))
        #expect(try !unstored.keep(half, as: digests[2], needed: needed))
        #expect(unstored.file(digests[2]) == nil)
        #expect(try unstored.keep(half, as: digests[2], needed: [digests[0]]))
        #expect(unstored.file(digests[0]) != nil && unstored.file(digests[1]) == nil)
    }
}
