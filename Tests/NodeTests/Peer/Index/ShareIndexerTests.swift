import Content
import Foundation
import Storage
import Testing

@testable import Node

/// The indexer, with its jobs done by a worker on a real share.
private struct Driver {
    let shared: Shared
    var indexer = ShareIndexer()
    var jobs: [PeerJob] = []
    var ready = 0
    var atOnce = 0

    init(_ shared: Shared) { self.shared = shared }

    mutating func next() {
        for step in indexer.next() {
            switch step {
            case .submit(let job): jobs.append(job)
            case .ready: ready += 1
            }
        }
        atOnce = max(atOnce, jobs.count)
        #expect(indexer.filesDone <= indexer.filesTotal)
        #expect(indexer.bytesDone <= indexer.bytesTotal)
    }

    /// Does one job, the newest first.
    mutating func work() throws {
        switch shared.worker.perform(jobs.removeLast()) {
        case .listed(_, .success(let listing)): indexer.listed(listing)
        case .listed(_, .failure): indexer.listFailed()
        case .indexBegun(_, .success(let step)):
            indexer.begun(step)
            jobs.append(.index(step))
        case .indexBegun(let name, .failure(let error)): indexer.failed(name, isMissing: error.isMissing)
        case .indexing(let name, .success(.more(let step, let bytes))):
            indexer.hashed(bytes, of: name)
            jobs.append(.index(step))
        case .indexing(_, .success(.done(let file))): indexer.finished(file)
        case .indexing(let name, .success(.changed)): _ = indexer.changed(name)
        case .indexing(let name, .failure(let error)): indexer.failed(name, isMissing: error.isMissing)
        default: Issue.record("not a job of the indexer")
        }
        next()
    }

    mutating func finish() throws {
        next()
        while !jobs.isEmpty { try work() }
    }
}

struct ShareIndexerTests {
    private let shared: Shared
    private var driver: Driver

    init() throws {
        shared = try Shared()
        driver = Driver(shared)
    }

    @Test("Every file of the share is indexed, and the numbers come out even")
    mutating func indexesAll() throws {
        let sizes = [0, 1, 1 << 20, 16 << 20, (16 << 20) + 1, (32 << 20) - 1]
        for (index, size) in sizes.enumerated() {
            try shared.write([], to: "d\(index % 3)/e/file\(index)")
            truncate("\(shared.sharePath)/d\(index % 3)/e/file\(index)", off_t(size))
        }
        try driver.finish()
        #expect(driver.indexer.identities.count == sizes.count)
        #expect(driver.indexer.filesDone == sizes.count && driver.indexer.filesTotal == sizes.count)
        #expect(driver.indexer.bytesTotal == UInt64(sizes.reduce(0, +)))
        #expect(driver.indexer.bytesDone == driver.indexer.bytesTotal)
        #expect(driver.indexer.isReady && driver.ready == 1 && driver.indexer.errors == 0)
        #expect(!driver.indexer.isScanning)
    }

    @Test("An empty share is ready at once, and only once")
    mutating func emptyShare() throws {
        try driver.finish()
        driver.next()
        driver.next()
        #expect(driver.ready == 1)
    }

    @Test("Only a few files are hashed at one time")
    mutating func boundsJobs() throws {
        for index in 0..<40 { try shared.write([UInt8(index)], to: "file\(index)") }
        try driver.finish()
        #expect(driver.indexer.filesDone == 40)
        #expect(driver.atOnce <= 4)
    }

    @Test("A file that keeps changing is given up at the third attempt, and does not count as bytes")
    mutating func givesUp() throws {
        try shared.write(Pattern.bytes(1000), to: "file")
        try shared.write(Pattern.bytes((16 << 20) + 7), to: "steady")
        driver.next()
        try driver.work()
        var changes = 0
        while !driver.jobs.isEmpty {
            if case .index(let step) = driver.jobs.last, step.name.path == "file" {
                changes += 1
                truncate("\(shared.sharePath)/file", off_t(1000 + changes))
            }
            try driver.work()
        }
        #expect(changes == 3)
        #expect(driver.indexer.errors == 1)
        #expect(driver.indexer.identities.keys.map(\.path) == ["steady"])
        #expect(driver.indexer.isReady)
        #expect(driver.indexer.bytesDone == (16 << 20) + 7 && driver.indexer.bytesTotal == (16 << 20) + 7)
    }

    @Test("A file that changes in the middle and then rests is indexed as it came to rest")
    mutating func triesAgain() throws {
        try shared.write(Pattern.bytes((16 << 20) + 7), to: "file")
        driver.next()
        try driver.work()
        try driver.work()
        try driver.work()
        #expect(driver.indexer.bytesDone == 16 << 20)
        truncate("\(shared.sharePath)/file", 5)
        try driver.finish()
        #expect(driver.indexer.identities.values.map(\.root.length) == [5])
        #expect(driver.indexer.bytesDone == 5 && driver.indexer.bytesTotal == 5)
        #expect(driver.indexer.filesDone == 1 && driver.indexer.filesTotal == 1)
    }

    @Test("A file that is removed before its turn is no error and is not counted")
    mutating func removedMeanwhile() throws {
        try shared.write([1], to: "file")
        try shared.write([1], to: "kept")
        driver.next()
        try driver.work()
        try FileManager.default.removeItem(atPath: "\(shared.sharePath)/file")
        try driver.finish()
        #expect(driver.indexer.filesDone == 1 && driver.indexer.filesTotal == 1 && driver.indexer.errors == 0)
    }

    @Test("A directory that cannot be listed and a name that is refused are errors, and the rest is indexed")
    mutating func countsErrors() throws {
        try shared.write([1], to: "gone/file")
        try shared.write([1], to: "evil\u{7}")
        try shared.write([1], to: "kept")
        driver.next()
        try driver.work()
        try FileManager.default.removeItem(atPath: "\(shared.sharePath)/gone")
        try driver.finish()
        #expect(driver.indexer.errors == 2 && driver.indexer.filesDone == 1 && driver.indexer.isReady)
    }

    @Test("A file that is to be indexed again is unknown until it is, and the index not ready")
    mutating func indexesAgain() throws {
        try shared.write([1], to: "file")
        try driver.finish()
        let name = try ShareName("file")
        driver.indexer.again(name)
        #expect(driver.indexer.identities[name] == nil && !driver.indexer.isReady)
        try driver.finish()
        #expect(driver.indexer.identities[name] != nil && driver.ready == 2)
    }

    @Test("A file whose content is known by other means counts as known, not as indexed")
    mutating func records() throws {
        try shared.write([1, 2], to: "fetched")
        let file = try shared.index("fetched")
        driver.indexer.record(file)
        #expect(driver.indexer.identities[file.name]?.root == file.root)
        #expect(driver.indexer.filesDone == 0)
    }
}
