import Content
import Testing

@testable import Hashing

/// What is true of each engine that this machine has.
@Suite struct LeafHasherTests {
    @Test("A leaf's digest is SHA-256 as FIPS 180-4's examples have it", arguments: HashingFixture.engines)
    func standardVectors(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        for (text, expected) in [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ] {
            #expect(HashingFixture.leaves(of: Array(text.utf8), by: hasher).map(\.hex) == [expected])
        }
    }

    /// By coreutils: head -c 16384 /dev/zero | tr '\0' a | sha256sum, and the same for 8192 bytes.
    @Test(
        "Every leaf of a constant file has the same digest, but for a short last one", arguments: HashingFixture.engines
    )
    func constantLeaves(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        let whole = "f3336bea752b5a28743033dd2c844a4a63fba08871aaee2586a2bf2d69be83a2"
        let half = "dd4e6730520932767ec0a9e33fe19c4ce24399d6eba4ff62f13013c9ed30ef87"
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 21 * PieceLayout.leafSize + PieceLayout.leafSize / 2)
        let expected = Array(repeating: whole, count: 21) + [half]
        #expect(HashingFixture.leaves(of: bytes, by: hasher).map(\.hex) == expected)
    }

    @Test("Both engines agree on every length around the borders of leaves and pieces")
    func enginesAgree() throws {
        let openSSL = try LeafHasher(engine: .openSSL)
        let bytes = HashingFixture.content(length: 3 << 20 | 1)
        for border in [0, 64, 1 << 14, 2 << 14, 3 << 14, 17 << 14, 1 << 20, 2 << 20, 3 << 20] {
            for length in max(0, border - 1)...border + 1 {
                let prefix = Array(bytes[..<length])
                let expected = HashingFixture.leaves(of: prefix, by: openSSL)
                #expect(expected.count == (length + PieceLayout.leafSize - 1) / PieceLayout.leafSize)
                for engine in HashingFixture.engines {
                    let hasher = try LeafHasher(engine: engine)
                    #expect(HashingFixture.leaves(of: prefix, by: hasher) == expected, "\(engine), \(length) bytes")
                }
            }
        }
    }

    @Test("Both engines agree on short messages of every length that changes SHA-256's padding")
    func enginesAgreeOnPadding() throws {
        let hashers = try HashingFixture.engines.map { engine in try LeafHasher(engine: engine) }
        let bytes = HashingFixture.content(length: 200)
        for length in 0...200 {
            let digests = Set(hashers.map { HashingFixture.leaves(of: Array(bytes[..<length]), by: $0) })
            #expect(digests.count == 1, "\(length) bytes")
        }
    }

    @Test(
        "Leaves that lie anywhere have the digests that each has by itself, in any number and of any size",
        arguments: HashingFixture.engines)
    func scattered(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        let bytes = HashingFixture.content(length: 300 + PieceLayout.leafSize)
        for count in [0, 1, 15, 16, 17, 64, 300] {
            // The longest first, so that they end in another order than they began in.
            let ranges = (0..<count).map { $0..<max($0 + 1, bytes.count - 300 - 37 * $0) }
            let expected = ranges.flatMap { HashingFixture.leaves(of: Array(bytes[$0]), by: hasher) }
            let digests = bytes.withUnsafeBytes { all in
                hasher.hash(leaves: ranges.map { UnsafeRawBufferPointer(rebasing: all[$0]) })
            }
            #expect(digests == expected, "\(count) leaves")
        }
    }

    @Test("The array of leaves is cut and lengthened to the file's", arguments: HashingFixture.engines)
    func leavesAreResized(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        var leaves: [Digest] = []
        for count in [5, 2, 0, 7] {
            let bytes = HashingFixture.content(length: count * PieceLayout.leafSize)
            bytes.withUnsafeBytes { hasher.hashLeaves(of: $0, into: &leaves) }
            #expect(leaves == HashingFixture.leaves(of: bytes, by: hasher))
            #expect(leaves.count == count)
        }
    }

    @Test(
        "Parents are the digests of their children, in rows longer than a batch too", arguments: HashingFixture.engines)
    func parents(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        let row = HashingFixture.leaves(of: HashingFixture.content(length: 300 << 14), by: hasher)
        var nodes = row
        hasher.replaceByParents(&nodes, count: 150)
        for index in 0..<150 {
            let children = row[2 * index].withUnsafeBytes(Array.init) + row[2 * index + 1].withUnsafeBytes(Array.init)
            #expect(HashingFixture.leaves(of: children, by: hasher) == [nodes[index]])
        }
    }

    /// By coreutils, two leaves of 32 zero bytes: head -c 64 /dev/zero | sha256sum.
    @Test("A node over filling alone is the digest of two such nodes below it", arguments: HashingFixture.engines)
    func fillers(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        #expect(hasher.fillers.count == 29)
        #expect(hasher.fillers[0] == .zero)
        #expect(hasher.fillers[1].hex == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b")
    }

    @Test("A hasher without a wish has the multi-buffer engine wherever there is one")
    func engineIsChosen() {
        #expect(LeafHasher().engine == (HashingFixture.engines.contains(.multiBuffer) ? .multiBuffer : .openSSL))
    }
}
