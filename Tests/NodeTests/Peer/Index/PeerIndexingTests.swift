import Content
import Foundation
import Posix
import Storage
import Testing

@testable import Node

/// The index at work: a node, its database, real files and real events.
struct PeerIndexingTests {
    private let shared: Shared

    init() throws { shared = try Shared() }

    private func path(_ name: String) -> String { "\(shared.sharePath)/\(name)" }

    private func append(_ count: Int, to name: String) throws {
        let file = open(path(name), O_WRONLY | O_APPEND | O_CREAT, 0o600)
        defer { close(file) }
        try #require(write(file, Pattern.bytes(count), count) == count)
    }

    private func started() throws -> LiveNode {
        let live = try LiveNode(shared)
        try #require(try live.awaitReady())
        return live
    }

    // MARK: Changes

    @Test("A file that is put in is offered within a second, one that changes is offered anew, one that goes is not")
    func follows() throws {
        let live = try started()
        let start = MonotonicClock.nanoseconds()
        try shared.write(Pattern.bytes(1000), to: "new")
        #expect(try live.run { live.offered == ["new"] })
        #expect(MonotonicClock.nanoseconds() - start < 1_500_000_000)
        try append(5, to: "new")
        #expect(try live.run(1) { live.offered == [] })
        #expect(try live.run { try live.root("new")?.length == 1005 })
        #expect(rename(path("new"), path("renamed")) == 0)
        #expect(try live.run { live.offered == ["renamed"] })
        try FileManager.default.removeItem(atPath: path("renamed"))
        #expect(try live.run(1) { live.offered == [] })
        try live.stop()
    }

    @Test("A file that is written slowly is not offered before it is whole")
    func slow() throws {
        let live = try started()
        for _ in 0..<10 {
            try append(100, to: "slow")
            try live.run(for: 0.15)
            #expect(live.offered.isEmpty)
        }
        #expect(try live.run { live.offered == ["slow"] })
        #expect(try live.root("slow")?.length == 1000)
        try live.stop()
    }

    @Test("Directories that are moved in, within and out take their files along")
    func directories() throws {
        let live = try started()
        try FileManager.default.createDirectory(atPath: shared.path + "/d/e", withIntermediateDirectories: true)
        for index in 0..<20 {
            try Data(Pattern.bytes(index)).write(to: URL(fileURLWithPath: shared.path + "/d/e/\(index)"))
        }
        #expect(rename(shared.path + "/d", path("d")) == 0)
        #expect(try live.run { live.offered.count == 20 && live.node.indexer.isReady })
        #expect(rename(path("d/e"), path("moved")) == 0)
        #expect(try live.run { live.offered.count == 20 && live.offered.allSatisfy { $0.hasPrefix("moved/") } })
        try append(1, to: "moved/3")
        #expect(try live.run { try live.root("moved/3")?.length == 4 })
        #expect(rename(path("moved"), shared.path + "/out") == 0)
        #expect(try live.run(1) { live.offered == [] })
        try live.stop()
    }

    @Test("After lost events what was missed is found")
    func overflow() throws {
        let live = try started()
        // The kernel's events of this are passed over, as if the queue had been full.
        try shared.write([1], to: "d/missed")
        while try live.node.indexer.inotify?.read().isEmpty == false {}
        live.node.indexer.handle([.lost], live.node.machine.offered, at: live.reactor.now)
        live.node.continueIndexing()
        #expect(try live.run { live.offered == ["d/missed"] })
        try append(1, to: "d/later")
        #expect(try live.run { live.offered == ["d/later", "d/missed"] })
        try live.stop()
    }

    @Test("A file that is changed is not opened for anybody under what it was")
    func notServed() throws {
        try shared.write(Pattern.bytes(5000), to: "file")
        let live = try started()
        let name = try ShareName("file")
        let known = try #require(live.node.indexed(name))
        // The uploads ask before each piece, and see the change even before the watches tell of it.
        try append(1, to: "file")
        let now = try shared.share.open(name).identity
        #expect(!known.identity.hasSameBytes(as: now))
        live.node.fileChanged(name)
        #expect(live.node.indexed(name) == nil)
        #expect(try live.run { try live.root("file")?.length == 5001 })
        try live.stop()
    }

    // MARK: The database

    @Test("A second start with the same files reads none of them; what changed meanwhile is hashed")
    func restart() throws {
        let names = ["a", "b/c", "large"]
        for (seed, name) in names.enumerated() {
            try shared.write(Pattern.bytes(3 << 20, seed: UInt64(seed + 1)), to: name)
        }
        var live = try started()
        let roots = try names.map { try live.root($0) }
        try live.stop()
        // Hashing would find out.
        try falsify("a")
        live = try started()
        #expect(try names.map { try live.root($0) } == [roots[2], roots[1], roots[2]])
        try live.stop()
        try append(1, to: "b/c")
        live = try started()
        #expect(try live.root("b/c")?.length == 3 << 20 + 1 && live.root("large") == roots[2])
        try live.stop()
    }

    /// Has the database say something else of a file than what is in it.
    private func falsify(_ name: String) throws {
        let database = try StateDatabase.open(in: Directory(path: "\(shared.path)/state")).database
        let file = try #require(try database.files().first { $0.name.path == name })
        let other = try #require(try database.files().first { $0.name.path == "large" })
        try database.apply([
            .put(IndexedFile(name: file.name, root: other.root, identity: file.identity, layer: other.layer))
        ])
    }

    @Test("A file that was deleted while no daemon ran leaves no row")
    func rowsOfGone() throws {
        for name in ["kept", "gone"] { try shared.write([1], to: name) }
        try started().stop()
        try FileManager.default.removeItem(atPath: path("gone"))
        try started().stop()
        let database = try StateDatabase.open(in: Directory(path: "\(shared.path)/state")).database
        #expect(try database.files().map(\.name.path) == ["kept"])
    }

    @Test("A database that is no database is set aside, said so, and everything is hashed and works")
    func corrupt() throws {
        try shared.write([1, 2], to: "file")
        try started().stop()
        let database = "\(shared.path)/state/\(StateDatabase.fileName)"
        try Data(repeating: 0x55, count: 20_000).write(to: URL(fileURLWithPath: database))
        let live = try started()
        #expect(live.offered == ["file"])
        #expect(live.log.lines.all.contains { $0.hasPrefix("warning") && $0.contains("was kept as") })
        try live.stop()
        let kept = try FileManager.default.contentsOfDirectory(atPath: "\(shared.path)/state")
        #expect(kept.contains { $0.hasPrefix("\(StateDatabase.fileName).corrupt-") })
        #expect(try StateDatabase.open(in: Directory(path: "\(shared.path)/state")).setAside == nil)
    }

    @Test("A state directory that takes no database is said once, and the share is offered all the same")
    func noDatabase() throws {
        try shared.write([1, 2], to: "file")
        try FileManager.default.createDirectory(
            atPath: "\(shared.path)/state/\(StateDatabase.fileName)", withIntermediateDirectories: true)
        let live = try started()
        try shared.write([1], to: "later")
        #expect(try live.run { live.offered == ["file", "later"] })
        #expect(live.log.lines.all.count { $0.contains("not kept") } == 1)
        try live.stop()
    }
}
