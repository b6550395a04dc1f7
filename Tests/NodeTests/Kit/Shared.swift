import Content
import Foundation
import Posix
import Storage
import Testing

@testable import Node

/// A share and a state directory that go away with their owner, and a worker that works in them.
final class Shared {
    let path: String
    let share: Share
    let partials: PartialStore
    let worker: PeerWorker

    init() throws {
        path = "\(NSTemporaryDirectory())/p2pd-\(UUID())"
        share = Share(try Directory.create("\(path)/share"))
        partials = try PartialStore(
            share: share, state: try Directory.create("\(path)/state"), peer: PeerID(high: 1, low: 1))
        worker = PeerWorker(
            share: share, partials: partials, manifests: ManifestStore(statePath: "\(path)/state"))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var sharePath: String { "\(path)/share" }

    func write(_ bytes: [UInt8], to name: String) throws {
        let target = URL(fileURLWithPath: "\(sharePath)/\(name)")
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: target)
    }

    /// A file of the share, as the indexer would know it.
    func index(_ name: String) throws -> IndexedFile {
        var step = try IndexStep(ShareName(name), in: share)
        while true {
            switch try step.run(in: share, with: worker.bench) {
            case .more(let next, _): step = next
            case .done(let file): return file
            case .changed, .openForWriting: throw CocoaError(.fileReadUnknown)
            }
        }
    }
}

enum Pattern {
    /// Bytes of a multiplicative generator: not constant, the same every time.
    static func bytes(_ length: Int, seed: UInt64 = 3) -> [UInt8] {
        var state = seed
        let words = (0...length / 8).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
        return words.withUnsafeBytes { Array($0[..<length]) }
    }
}
