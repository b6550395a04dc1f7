import Content
import PeerCore
import Storage
import Testing

@testable import Node

/// A table that an expectation may change.
private final class Table {
    private var table = PartialTable()

    subscript(id: DownloadID) -> PartialFile? { table[id] }
    func opening(_ id: DownloadID) { table.opening(id) }
    func opened(_ id: DownloadID, _ partial: PartialFile) -> Bool { table.opened(id, partial) }
    func failed(_ id: DownloadID) -> Bool { table.failed(id) }
    func delivered(_ id: DownloadID) { table.delivered(id) }
    func discard(_ id: DownloadID) -> PartialFile? { table.discard(id) }
    /// Whether there was a file to be removed.
    func discards(_ id: DownloadID) -> Bool { table.discard(id) != nil }
}

struct PartialTableTests {
    private let shared: Shared
    private let id = DownloadID(rawValue: 1)
    private let partial: PartialFile

    init() throws {
        shared = try Shared()
        partial = try shared.partials.open(ShareName("a"), .empty, [], serial: 1)
    }

    @Test("A file is there from when it was made until it is delivered")
    func opened() {
        let table = Table()
        #expect(table[id] == nil)
        table.opening(id)
        #expect(table[id] == nil)
        #expect(table.opened(id, partial))
        #expect(table[id] === partial)
        table.delivered(id)
        #expect(table[id] == nil)
        #expect(!table.discards(id))
    }

    @Test("A download that ends while its file is being made does not want it, and hears of no failure")
    func discardedWhileOpening() {
        let table = Table()
        table.opening(id)
        #expect(!table.discards(id))
        #expect(!table.opened(id, partial))
        #expect(table[id] == nil)

        table.opening(id)
        #expect(!table.discards(id))
        #expect(!table.failed(id))
        #expect(!table.failed(id))
    }

    @Test("A file that could not be made is told once")
    func failed() {
        let table = Table()
        table.opening(id)
        #expect(table.failed(id))
        #expect(!table.failed(id))
        #expect(!table.opened(id, partial))
    }

    @Test("A discarded file is handed out to be removed, once")
    func discarded() {
        let table = Table()
        table.opening(id)
        _ = table.opened(id, partial)
        let discarded = table.discard(id)
        #expect(discarded === partial)
        #expect(!table.discards(id))
        #expect(table[id] == nil)
    }

    @Test("One download's file is not another's")
    func tellsApart() {
        let table = Table()
        table.opening(id)
        _ = table.opened(id, partial)
        #expect(table[DownloadID(rawValue: 2)] == nil)
        #expect(!table.discards(DownloadID(rawValue: 2)))
        #expect(table[id] === partial)
    }
}
