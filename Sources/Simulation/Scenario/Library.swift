import Content
import PeerCore

/// One content that is somewhere in the swarm. Its bytes are not simulated: its digests are drawn, and a piece is known by
/// its file, its number and whether it is right.
struct Work: Sendable {
    let name: ShareName
    let root: FileRoot
    let layout: PieceLayout
    let layer: [Digest]
    let modified: Int64

    var pieceCount: Int { layout.pieceCount }
    var all: PieceSet { PieceSet(pieceCount: pieceCount).complement }
    var none: PieceSet { PieceSet(pieceCount: pieceCount) }

    func shared(as name: ShareName) -> SharedFile {
        SharedFile(name: name, root: root, modified: modified, layer: layer)
    }
}

/// Every content of a scenario.
struct Library: Sendable {
    let works: [Work]
    private let byRoot: [FileRoot: Int]

    init(_ scenario: Scenario) {
        var draws = Draws(seed: scenario.seed, for: "library")
        var works: [Work] = []
        for file in 0..<scenario.files {
            let versions = draws.chance(0.5) ? 2 : 1
            for version in 0..<versions {
                let work = Work(file: file, version: version, &draws)
                if let work, version == 0 || scenario.has(.versions) { works.append(work) }
            }
        }
        self.works = works
        byRoot = Dictionary(works.enumerated().map { ($1.root, $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(root: FileRoot) -> Work? { byRoot[root].map { works[$0] } }

    /// The versions of a work's name, itself among them.
    func versions(of name: ShareName) -> [Work] { works.filter { $0.name == name } }
}

extension Work {
    fileprivate init?(file: Int, version: Int, _ draws: inout Draws) {
        let mebibytes = draws.chance(0.1) ? 0 : draws.chance(0.2) ? 1 : draws.power(1...4)
        let short = draws.chance(0.5) ? UInt64(draws.number(1...1_000_000)) : 0
        let length = mebibytes == 0 ? 0 : UInt64(mebibytes) << 20 &- short
        guard let layout = PieceLayout(length: length) else { return nil }
        let layer = (0..<layout.pieceCount).compactMap { _ in Digest(&draws) }
        let drawn = Digest(&draws)
        guard let name = try? ShareName("file-\(file)"),
            let digest = layer.isEmpty ? .zero : layer.count == 1 ? layer.first : drawn
        else { return nil }
        self.init(
            name: name, root: FileRoot(digest: digest, length: length), layout: layout, layer: layer,
            modified: Int64(1_700_000_000 + file * 10 + version))
    }
}

extension Digest {
    init?(_ draws: inout Draws) {
        let words = (0..<4).map { _ in draws.next() }
        guard let digest = words.withUnsafeBytes({ Digest($0) }) else { return nil }
        self = digest
    }
}
