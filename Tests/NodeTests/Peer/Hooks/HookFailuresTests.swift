import Content
import PeerCore
import Testing

@testable import Node

struct HookFailuresTests {
    private func failure(_ name: ShareName, _ text: String) -> HookFailure {
        let download = EndedDownload(id: DownloadID(rawValue: 1), kind: .file, name: name, root: .empty, length: 0)
        return HookFailure(download: download, isDone: true, text: text)
    }

    @Test("The last failure of a name counts, until it is cleared")
    func last() throws {
        var failures = HookFailures()
        let (name, other) = (try ShareName("a"), try ShareName("b"))
        failures.record(failure(name, "first"))
        failures.record(failure(other, "another"))
        failures.record(failure(name, "second"))
        #expect(failures[name]?.text == "second")
        #expect(failures.all.map(\.name) == [other, name] && failures.all.map(\.text) == ["another", "second"])
        failures.clear(name)
        failures.clear(name)
        #expect(failures[name] == nil && failures[other]?.text == "another")
    }

    @Test("The oldest gives way to the newest, and one that failed again is new")
    func bound() throws {
        var failures = HookFailures()
        let names = try (0...HookFailures.namesMax).map { try ShareName("\($0)") }
        for name in names.dropLast() { failures.record(failure(name, "failed")) }
        failures.record(failure(names[0], "again"))
        failures.record(failure(names[HookFailures.namesMax], "failed"))
        #expect(names.filter { failures[$0] == nil } == [names[1]])
    }
}
