import Content
import Testing

@testable import Node

struct HookFailuresTests {
    @Test("The last failure of a name counts, until it is cleared")
    func last() throws {
        var failures = HookFailures()
        let (name, other) = (try ShareName("a"), try ShareName("b"))
        failures.record(name, "first")
        failures.record(other, "another")
        failures.record(name, "second")
        #expect(failures[name] == "second")
        #expect(failures.all.map(\.name) == [other, name] && failures.all.map(\.text) == ["another", "second"])
        failures.clear(name)
        failures.clear(name)
        #expect(failures[name] == nil && failures[other] == "another")
    }

    @Test("The oldest gives way to the newest, and one that failed again is new")
    func bound() throws {
        var failures = HookFailures()
        let names = try (0...HookFailures.namesMax).map { try ShareName("\($0)") }
        for name in names.dropLast() { failures.record(name, "failed") }
        failures.record(names[0], "again")
        failures.record(names[HookFailures.namesMax], "failed")
        #expect(names.filter { failures[$0] == nil } == [names[1]])
    }
}
