import Content
import Foundation
import PeerCore
import Storage
import Testing

@testable import Node

/// Files that somebody has open for writing, and that have been quiet nevertheless.
struct OpenForWritingTests {
    private let shared: Shared
    private let driver: IndexDriver

    init() throws {
        shared = try Shared()
        driver = try IndexDriver(watching: shared)
    }

    private func path(_ name: String) -> String { "\(shared.sharePath)/\(name)" }

    private func append(_ count: Int, to file: Int32) throws {
        let bytes = [UInt8](repeating: 7, count: count)
        try #require(write(file, bytes, count) == count)
    }

    /// Opens for writing what is there or not.
    private func open(_ name: String) throws -> Int32 {
        let file = Glibc.open(path(name), O_WRONLY | O_APPEND | O_CREAT, 0o600)
        try #require(file >= 0)
        return file
    }

    @Test("A file whose writer pauses is not offered, `files` says why, and it is offered within a second of its end")
    func pausing() throws {
        driver.start()
        let file = try open("new")
        for _ in 0..<3 {
            try append(10, to: file)
            try driver.hear()
            driver.pass(.seconds(10))
            #expect(driver.offered == [] && driver.hashed == [] && driver.states == ["new": "indexing"])
            #expect(driver.cause("new")?.contains("open for writing") == true)
        }
        #expect(!driver.notes.contains(.keepsChanging(try ShareName("new"))))
        close(file)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["new"] && driver.hashed == ["new"])
        #expect(try driver.root("new")?.length == 30)
    }

    @Test("A file that is offered and then written to is not offered again before its writer has closed it")
    func changed() throws {
        try shared.write([1], to: "a")
        driver.start()
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["a"])
        let file = try open("a")
        try driver.hear()
        driver.pass(.seconds(10))
        #expect(driver.offered == ["a"])
        try append(1, to: file)
        try driver.hear()
        driver.pass(.seconds(10))
        #expect(driver.offered == [] && driver.states == ["a": "changed"])
        close(file)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(try driver.root("a")?.length == 2)
    }

    @Test("That a file was closed is found without an event, too")
    func withoutEvents() throws {
        driver.start()
        let file = try open("new")
        try append(10, to: file)
        try driver.hear()
        driver.pass(.seconds(1))
        close(file)
        try driver.deafen()
        driver.pass(.seconds(6))
        #expect(driver.offered == ["new"])
    }

    @Test("The index is ready at once though a file is open for writing that was there when it started")
    func atStart() throws {
        try shared.write([1], to: "a")
        let file = try open("b")
        defer { close(file) }
        driver.start()
        #expect(driver.indexer.stage == .ready && driver.offered == ["a"] && driver.states["b"] == "indexing")
    }

    @Test("What is known of a file holds at a restart, whoever has it open")
    func knownAtStart() throws {
        try shared.write([1], to: "a")
        let known = try shared.index("a")
        let file = try open("a")
        defer { close(file) }
        driver.start([known])
        #expect(driver.offered == ["a"] && driver.hashed == [])
    }

    @Test("A file with another mode stays offered though somebody has it open for writing")
    func mode() throws {
        try shared.write([1], to: "a")
        driver.start()
        let file = try open("a")
        defer { close(file) }
        usleep(20_000)
        chmod(path("a"), 0o640)
        try driver.hear()
        driver.pass(.seconds(10))
        #expect(driver.offered == ["a"] && !driver.log.contains("withdraw a"))
    }

    @Test("A file that was fetched is offered, whatever is still open for writing when the watches tell of it")
    func delivered() throws {
        driver.start()
        let file = try open("fetched")
        try append(9, to: file)
        try driver.hear()
        driver.deliver(try shared.index("fetched"))
        driver.pass(.seconds(1))
        #expect(driver.offered == ["fetched"] && driver.states["fetched"] == "ready")
        close(file)
    }
}
