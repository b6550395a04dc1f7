import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct ScanStepTests {
    private let scratch: Scratch
    private let share: Share

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
    }

    /// All reports of a scan, as one.
    private func scan(
        _ directory: String? = nil, baseline: ShareBaseline = ShareBaseline(), inotify: Inotify? = nil
    ) throws -> (report: ScanReport, steps: Int) {
        var step = ScanStep(try directory.map { try ShareName($0) }, baseline: baseline, inotify: inotify)
        var (all, steps) = (ScanReport(), 0)
        while true {
            steps += 1
            switch step.run(in: share) {
            case .more(let next, let report):
                add(report, to: &all)
                step = next
            case .done(let report):
                add(report, to: &all)
                return (all, steps)
            }
        }
    }

    private func add(_ report: ScanReport, to all: inout ScanReport) {
        all.watched += report.watched
        all.unchanged += report.unchanged
        all.renamed += report.renamed
        all.found += report.found
        all.vanished += report.vanished
        all.refused += report.refused
        all.unwatched = all.unwatched ?? report.unwatched
    }

    /// The share as it stands.
    private func baseline() throws -> ShareBaseline {
        var baseline = ShareBaseline()
        for file in try scan().report.found.map(\.file).sorted(by: { $0.name < $1.name }) {
            baseline.append(file.name, file.identity)
        }
        return baseline
    }

    private func found(_ report: ScanReport) -> [String] { report.found.map(\.file.name.path).sorted() }

    // MARK: Finding

    @Test("Backups are passed over, a directory of such a name is not")
    func backups() throws {
        for name in ["a", "a.~1~", "d/a.~12~", "d.~1~/b", "a.~01~"] { try scratch.write([1], to: name) }
        #expect(found(try scan().report) == ["a", "a.~01~", "d.~1~/b"])
    }

    @Test("Every file is found, at whatever depth, as it stands")
    func findsAll() throws {
        let names = ["a", "b/c", "b/d/e", "ü/é"]
        for (index, name) in names.enumerated() {
            try scratch.write(Array(repeating: 1, count: index), to: name)
        }
        let report = try scan().report
        #expect(found(report) == names.sorted())
        for (file, position) in report.found {
            #expect(file.identity == (try share.open(file.name).identity) && position == nil)
        }
        #expect(report.refused.isEmpty && report.vanished.isEmpty && report.watched.isEmpty)
        #expect(found(try scan("b").report) == ["b/c", "b/d/e"])
    }

    @Test("Links, pipes and the daemon's own directory are passed over without a word")
    func passesOver() throws {
        try scratch.write([1], to: "real")
        try scratch.write([1], to: "\(ShareName.reserved)/partial/x")
        try scratch.write([1], to: "sub/\(ShareName.reserved)/y")
        try scratch.link("to-file", to: "real")
        try scratch.link("to-directory", to: "/etc")
        #expect(mkfifo("\(scratch.sharePath)/pipe", 0o600) == 0)
        let report = try scan().report
        #expect(found(report) == ["real", "sub/\(ShareName.reserved)/y"] && report.refused.isEmpty)
    }

    @Test(
        "A directory that is a link, a file or not there has nothing in it, and is no error",
        arguments: ["l", "f", "n"])
    func noDirectory(_ name: String) throws {
        try scratch.write([1], to: "f")
        try scratch.link("l", to: "/etc")
        let report = try scan(name).report
        #expect(report.found.isEmpty && report.refused.isEmpty)
    }

    @Test("Names that are none are refused with why, shown without control characters, and the others are found")
    func refuses() throws {
        try scratch.write([1], to: "good")
        try scratch.write([1], to: "evil\u{1B}[2Jname")
        try #require(Scratch.createFile([0xFF, 0xFE], in: scratch.sharePath))
        let report = try scan().report
        #expect(found(report) == ["good"] && report.refused.count == 2)
        #expect(report.refused.contains { $0.shown == "evil\\u{1b}[2Jname" })
        #expect(report.refused.contains { $0.reason == "\(ShareNameError.notUTF8)" })
    }

    @Test("Directories beyond the deepest are refused, files beside them are not")
    func boundsDepth() throws {
        let deepest = Array(repeating: "d", count: ShareName.directoryDepthMax).joined(separator: "/")
        try scratch.write([1], to: "\(deepest)/d/x")
        try scratch.write([1], to: "\(deepest)/file")
        let report = try scan().report
        #expect(found(report) == ["\(deepest)/file"])
        #expect(report.refused.map(\.reason) == ["more than \(ShareName.directoryDepthMax) directories deep"])
    }

    @Test("Many files take several steps, one directory of many among them, and none is told twice")
    func steps() throws {
        for index in 0..<3000 { try #require(Scratch.createFile(Array("f\(index)".utf8), in: scratch.sharePath)) }
        for index in 0..<300 { try scratch.write([1], to: "d\(index)/x") }
        let (report, steps) = try scan()
        #expect(report.found.count == 3300 && Set(found(report)).count == 3300)
        #expect(steps >= 3)
    }

    // MARK: Comparing

    @Test("What stands as it did is told by its position, what does not as found, what is gone as vanished")
    func compares() throws {
        for name in ["a", "b/c", "b/d", "e"] { try scratch.write([1], to: name) }
        let baseline = try baseline()
        try FileManager.default.removeItem(atPath: "\(scratch.sharePath)/e")
        try scratch.write([1, 2], to: "b/d")
        try scratch.write([3], to: "new")
        let report = try scan(baseline: baseline).report
        #expect(Set(report.unchanged.map { baseline.name(at: $0).path }) == ["a", "b/c"])
        #expect(found(report) == ["b/d", "new"])
        #expect(report.found.first { $0.file.name.path == "b/d" }?.position.map { baseline.name(at: $0).path } == "b/d")
        #expect(report.vanished.map { baseline.name(at: $0).path } == ["e"])
    }

    @Test("Files in a directory that was renamed are known again, a file that was renamed itself is not")
    func renamed() throws {
        for name in ["old/a", "old/b", "file"] { try scratch.write([1], to: name) }
        let baseline = try baseline()
        #expect(rename("\(scratch.sharePath)/old", "\(scratch.sharePath)/new") == 0)
        #expect(rename("\(scratch.sharePath)/file", "\(scratch.sharePath)/moved") == 0)
        let report = try scan(baseline: baseline).report
        let pairs = report.renamed.map { "\(baseline.name(at: $0.position)) \($0.file.name)" }
        #expect(pairs.sorted() == ["old/a new/a", "old/b new/b"])
        #expect(found(report) == ["moved"] && report.vanished.count == 3)
    }

    @Test("A file whose mode was changed is found anew: its time of change is another")
    func statusChange() throws {
        try scratch.write([1], to: "file")
        let baseline = try baseline()
        usleep(20_000)
        #expect(chmod("\(scratch.sharePath)/file", 0o600) == 0)
        #expect(found(try scan(baseline: baseline).report) == ["file"])
    }

    @Test("What is known of a directory that cannot be listed has not vanished", .enabled(if: geteuid() != 0))
    func unlisted() throws {
        for name in ["shut/a", "open"] { try scratch.write([1], to: name) }
        let baseline = try baseline()
        chmod("\(scratch.sharePath)/shut", 0)
        defer { chmod("\(scratch.sharePath)/shut", 0o700) }
        let report = try scan(baseline: baseline).report
        #expect(report.vanished.isEmpty && report.refused.map(\.shown) == ["shut/"])
    }

    // MARK: Watching

    @Test("Every directory is watched before it is listed")
    func watches() throws {
        for name in ["a", "b/c", "b/d/e"] { try scratch.write([1], to: name) }
        let inotify = try Inotify()
        let report = try scan(inotify: inotify).report
        #expect(report.watched.map { $0.directory?.path ?? "" }.sorted() == ["", "b", "b/d"])
        #expect(Set(report.watched.map(\.watch)).count == 3 && report.unwatched == nil)
        try scratch.write([1], to: "b/d/new")
        let watch = report.watched.first { $0.directory?.path == "b/d" }?.watch
        #expect(try inotify.read().contains { $0.watch == watch && $0.name == Array("new".utf8) })
    }
}
