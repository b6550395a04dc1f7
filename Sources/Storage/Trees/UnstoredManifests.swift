import Content
import Posix
import Synchronization

/// Manifests that the disk has no room for, as files in memory: a full disk keeps no directory from being offered. The
/// next daemon makes them again.
final class UnstoredManifests: Sendable {
    private struct Unstored: Sendable {
        let file: OpenFile
        let size: UInt64
    }

    private let manifests = Mutex<[Digest: Unstored]>([:])

    /// - Returns: false if there is no room in memory either.
    func keep(_ bytes: [UInt8], as digest: Digest, needed: Set<Digest>) throws(SystemError) -> Bool {
        try manifests.withLock { manifests throws(SystemError) in
            manifests = manifests.filter { needed.contains($0.key) }
            let size = UInt64(bytes.count)
            let held = manifests.values.reduce(0) { $0 + $1.size }
            guard held + size <= StorageLimits.unstoredManifestBytesMax else { return false }
            let file = try OpenFile.inMemory(named: "manifest-\(digest.hex)")
            try FileIO.write(file.rawValue, bytes)
            manifests[digest] = Unstored(file: file, size: size)
            return true
        }
    }

    func file(_ digest: Digest) -> OpenFile? { manifests.withLock { $0[digest]?.file } }
}
