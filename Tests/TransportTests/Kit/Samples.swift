import Content
import Foundation
import Posix
import Testing
import Wire

/// A file that goes away with its owner, open for reading.
final class SampleFile {
    let bytes: [UInt8]
    let file: OpenFile
    private let path: String

    init(length: Int) throws {
        bytes = Samples.bytes(length)
        path = "\(NSTemporaryDirectory())/p2pd-\(UUID())"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let descriptor = open(path, O_RDONLY)
        try #require(descriptor >= 0)
        file = OpenFile(FileDescriptor(owning: descriptor), path: path)
    }

    deinit { unlink(path) }

    func shorten(to length: Int) { #expect(truncate(path, off_t(length)) == 0) }
}

enum Samples {
    /// Bytes of a multiplicative generator: not constant, the same every time.
    static func bytes(_ length: Int, seed: UInt64 = 3) -> [UInt8] {
        var state = seed
        return (0..<length).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    static func hello() -> Message { .hello(Hello(id: PeerID(high: 1, low: 2), role: .peer)) }

    /// One of several kinds, the largest among them.
    static func messages() throws -> [Message] {
        let root = FileRoot(digest: .zero, length: 1 << 33)
        return [
            hello(), .leftPeer, .req(request: 7, .name(try ShareName("models/a b.bin"))),
            .hashes(root, first: 0, Array(repeating: .zero, count: 100)), .pong(epoch: 9),
            .endOfChunk(first: 3, .gone), .refused(.leaving, reason: "until later"),
        ]
    }
}

/// Bytes that a failed comparison does not print.
struct Bytes: Equatable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    var count: Int { bytes.count }
    var description: String { "\(bytes.count) bytes" }
}

extension Bytes: CustomTestStringConvertible {
    var testDescription: String { description }
}
