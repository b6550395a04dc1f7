import Content
import Foundation
import PeerCore
import Posix
import Storage
import Testing

@testable import Node

struct PeerVerifyingTests {
    private let shared: Shared

    init() throws { shared = try Shared() }

    private func path(_ name: String) -> String { "\(shared.sharePath)/\(name)" }

    /// What a verification has told.
    private final class Told {
        var verdicts: [String: FileVerdict] = [:]
        var order: [String] = []
        var isDone = false
    }

    private func verify(_ names: [String]?, below directory: String? = nil, on live: LiveNode) throws -> Told {
        let told = Told()
        let files = try names.map { try $0.map { try ShareName($0) } }
        live.node.verify(files ?? [], below: try directory.map { [try ShareName($0)] } ?? (names == nil ? [nil] : [])) {
            name, verdict in
            told.verdicts[name.path] = verdict
            told.order.append(name.path)
        } done: {
            told.isDone = true
        }
        #expect(!told.isDone)
        #expect(try live.run { told.isDone })
        return told
    }

    private func isOk(_ verdict: FileVerdict?) -> Bool {
        if case .ok? = verdict { true } else { false }
    }

    private func good(_ verdict: FileVerdict?) -> [Range<Int>]? {
        if case .rotten(_, let good)? = verdict { good.runs } else { nil }
    }

    /// Has the index believe other bytes of a file than there are, as rot would: its times and length are what they were.
    private func rot(_ name: String, piece: Int, on live: LiveNode) throws {
        let file = try #require(live.node.machine.offered[try ShareName(name)])
        var layer = file.layer
        layer[piece] = .zero
        let root = layer.count == 1 ? FileRoot(digest: .zero, length: file.root.length) : file.root
        live.node.feed(
            .indexed(SharedFile(name: file.name, root: root, stamp: file.stamp, layer: layer)))
    }

    @Test("Of all files each is verified once, and the rotten one is withdrawn and told with its good pieces")
    func all() throws {
        for index in 0..<20 { try shared.write(Pattern.bytes(index * 1000), to: "d/\(index)") }
        try shared.write(Pattern.bytes((20 << 20) + 5), to: "large")
        let live = try LiveNode(shared)
        #expect(try live.awaitReady())
        try rot("large", piece: 17, on: live)
        let told = try verify(nil, on: live)
        #expect(told.order.count == 21 && told.verdicts.count == 21)
        #expect(good(told.verdicts["large"]) == [0..<17, 18..<81])
        #expect(told.verdicts.values.count { isOk($0) } == 20)
        #expect(live.offered.count == 20 && !live.offered.contains("large"))
        let shown = live.node.indexer.page(after: nil, limit: 100, live.node.machine.offered, unfit: []).files
        #expect(shown.first { $0.name == "large" }?.state == .error)
        // It is verified again with the others, and is still rotten.
        #expect(good(try verify(nil, on: live).verdicts["large"]) == [0..<17, 18..<81])
        try live.stop()
    }

    @Test("Of a directory all below it is verified, also what was found rotten, and nothing beside it")
    func below() throws {
        for name in ["d.x", "d/a", "d/e/b", "d0", "da/c"] {
            try shared.write(Pattern.bytes(1000), to: name)
        }
        let live = try LiveNode(shared)
        #expect(try live.awaitReady())
        #expect(try verify(["d0"], below: "d", on: live).order.sorted() == ["d/a", "d/e/b", "d0"])
        try rot("d/e/b", piece: 0, on: live)
        #expect(good(try verify(["d/e/b"], on: live).verdicts["d/e/b"]) == [])
        let told = try verify([], below: "d", on: live)
        #expect(told.order.sorted() == ["d/a", "d/e/b"] && good(told.verdicts["d/e/b"]) == [])
        #expect(try verify([], below: "da", on: live).order == ["da/c"])
        #expect(try verify([], below: "none", on: live).order.isEmpty)
        try live.stop()
    }

    @Test("A rotten small file has no good piece; a file that is fetched again in its place is offered")
    func small() throws {
        try shared.write([1, 2, 3], to: "file")
        let live = try LiveNode(shared)
        #expect(try live.awaitReady())
        let right = try shared.index("file")
        try rot("file", piece: 0, on: live)
        #expect(good(try verify(["file"], on: live).verdicts["file"]) == [])
        #expect(live.offered == [])
        live.node.indexer.record(right)
        live.node.feed(.indexed(SharedFile(right)))
        #expect(isOk(try verify(["file"], on: live).verdicts["file"]))
        #expect(
            live.node.indexer.page(after: nil, limit: 9, live.node.machine.offered, unfit: []).files.map(\.state) == [
                .ready
            ])
        try live.stop()
    }

    @Test("What was found rotten is not offered after a restart either")
    func restarted() throws {
        try shared.write([1, 2, 3], to: "rotten")
        try shared.write([4, 5, 6], to: "well")
        let live = try LiveNode(shared)
        #expect(try live.awaitReady())
        try rot("rotten", piece: 0, on: live)
        #expect(good(try verify(["rotten"], on: live).verdicts["rotten"]) == [])
        try live.stop()
        let next = try LiveNode(shared)
        #expect(try next.awaitReady())
        #expect(next.offered == ["well"])
        #expect(good(try verify(["rotten"], on: next).verdicts["rotten"]) == [])
        try next.stop()
    }

    @Test("What cannot be verified is told with why")
    func notIndexed() throws {
        try shared.write([1, 2, 3], to: "file")
        try shared.write([1], to: "gone")
        let live = try LiveNode(shared)
        #expect(try live.awaitReady())
        // Before the watches are heard.
        try FileManager.default.removeItem(atPath: path("gone"))
        let told = try verify(["file", "gone", "never"], on: live)
        #expect(isOk(told.verdicts["file"]) && told.order.count == 3)
        switch told.verdicts["gone"] {
        case .missing?, .indexing?, .notIndexed?: break
        default: Issue.record("\(String(describing: told.verdicts["gone"]))")
        }
        guard case .notIndexed(let why)? = told.verdicts["never"] else {
            Issue.record("\(told.verdicts)")
            return
        }
        #expect(why == "no such file is shared")
        try live.stop()
    }

    @Test("Two requests at a time both come to their end, and one that is cancelled tells nothing more")
    func several() throws {
        for index in 0..<10 { try shared.write(Pattern.bytes(3 << 20), to: "\(index)") }
        let live = try LiveNode(shared)
        #expect(try live.awaitReady())
        let (first, second, third) = (Told(), Told(), Told())
        for told in [first, second] {
            live.node.verify([], below: [nil]) { name, _ in
                told.order.append(name.path)
            } done: {
                told.isDone = true
            }
        }
        let id = live.node.verify([], below: [nil]) { name, _ in
            third.order.append(name.path)
        } done: {
            third.isDone = true
        }
        #expect(try live.run { third.order.count == 1 })
        live.node.cancelVerification(id)
        #expect(try live.run { first.isDone && second.isDone })
        #expect(first.order.sorted() == (0..<10).map(String.init) && second.order.count == 10)
        #expect(third.order.count == 1 && !third.isDone)
        try live.stop()
    }
}
