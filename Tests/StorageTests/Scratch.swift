import Content
import Foundation
import Hashing
import Posix
import Storage

/// A directory that goes away with its owner, with a share and a state directory in it.
final class Scratch {
    /// A file system in memory, on Linux another one than that of temporary files.
    static let otherFileSystem = "/dev/shm"

    let path: String

    /// - Parameter parent: nil takes the directory for temporary files.
    init(in parent: String? = nil) throws {
        path = "\(parent ?? NSTemporaryDirectory())/p2pd-\(UUID())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var sharePath: String { "\(path)/share" }
    var statePath: String { "\(path)/state" }

    func share() throws -> Share { Share(try Directory.create(sharePath)) }
    func state() throws -> Directory { try Directory.create(statePath) }

    /// Writes a file of the share, and the directories above it.
    func write(_ bytes: [UInt8], to name: String) throws {
        let target = "\(sharePath)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: target))
    }

    func bytes(of name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(sharePath)/\(name)")))
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(sharePath)/\(name)", withDestinationPath: target)
    }

    /// Makes an empty file of a name that no string can hold.
    static func createFile(_ name: [UInt8], in directory: String) -> Bool {
        let path = (Array("\(directory)/".utf8) + name + [0]).map { CChar(bitPattern: $0) }
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        return descriptor >= 0 && close(descriptor) == 0
    }

    /// The names in a directory, in order.
    static func entries(of path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// A directory mounted a second time elsewhere; only root may.
struct BindMount {
    let path: String

    init(of source: String, at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount(source, path, nil, UInt(MS_BIND), nil) == 0 else { throw CocoaError(.featureUnsupported) }
    }

    func unmount() { umount2(path, Int32(MNT_DETACH)) }

    static let isPossible: Bool = {
        guard let scratch = try? Scratch(), (try? scratch.state()) != nil,
            let mount = try? BindMount(of: scratch.statePath, at: "\(scratch.path)/try")
        else { return false }
        mount.unmount()
        return true
    }()
}

/// A file's bytes with its root and its pieces' digests.
struct Sample {
    let bytes: [UInt8]
    let layout: PieceLayout
    let layer: [Digest]
    let root: FileRoot

    /// - Parameter length: bytes, which come from a multiplicative generator: not constant, the same every time.
    init(length: Int, seed: UInt64 = 1) throws {
        var state = seed &* 2 &+ 1
        let words = (0...length / 8).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
        bytes = words.withUnsafeBytes { Array($0[..<length]) }
        guard let layout = PieceLayout(length: UInt64(length)) else { throw CocoaError(.fileReadTooLarge) }
        self.layout = layout
        let hasher = LeafHasher()
        var scratch: [Digest] = []
        layer = bytes.withUnsafeBytes { bytes in
            (0..<layout.pieceCount).map { index in
                let start = Int(layout.offset(of: index))
                let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<start + layout.size(of: index)])
                return MerkleTree.pieceDigest(
                    of: piece, index: index, layout: layout, hasher: hasher, scratch: &scratch)
            }
        }
        root = FileRoot(
            digest: MerkleTree.root(ofPieceLayer: layer, layout: layout, hasher: hasher), length: layout.length)
    }

    func piece(_ index: Int) -> [UInt8] {
        let start = Int(layout.offset(of: index))
        return Array(bytes[start..<start + layout.size(of: index)])
    }
}

extension PeerID {
    static let sample = PeerID(high: 7, low: 9)
}

/// The error that `body` ends with, nil if it ends well.
func failure<Value>(_ body: () throws -> Value) -> SystemError? {
    do { _ = try body() } catch { return error as? SystemError }
    return nil
}

/// A file system of a few bytes; only root may make one.
struct SmallDisk {
    let path: String

    init(at path: String, bytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else { throw CocoaError(.featureUnsupported) }
    }

    /// Takes all the space there is.
    func fill() throws {
        let file = open("\(path)/filler", O_CREAT | O_WRONLY, 0o600)
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(file, block, block.count) == block.count {}
    }

    func unmount() { umount2(path, Int32(MNT_DETACH)) }

    static let isPossible: Bool = {
        guard let scratch = try? Scratch(), let disk = try? SmallDisk(at: "\(scratch.path)/try", bytes: 1 << 20) else {
            return false
        }
        disk.unmount()
        return true
    }()
}
