import Content
import Testing

@testable import Node

struct IndexErrorsTests {
    private var errors = IndexErrors()

    private mutating func add(_ shown: String, _ reason: String, room: Int) -> Bool {
        errors.add(shown, reason, room: room)
    }

    @Test("An error is new once, is listed in order, and goes when it is forgotten")
    mutating func lists() throws {
        for (shown, isNew) in [("b", true), ("d/a", true), ("b", false)] {
            #expect(add(shown, "why \(shown)", room: 9) == isNew)
        }
        #expect(errors.all.map(\.shown) == ["b", "d/a"] && errors.all.first?.reason == "why b")
        errors.forget("b")
        errors.forget(below: try ShareName("d"))
        #expect(errors.count == 0)
    }

    @Test("Without room it is only counted, and what is listed already stays")
    mutating func bounds() {
        #expect(add("a", "x", room: 1))
        for _ in 0..<3 { #expect(!add("b", "x", room: 0)) }
        #expect(!add("a", "y", room: 0))
        #expect(errors.count == 1 && errors.unlisted == 3 && errors.all.first?.reason == "y")
    }

    @Test("After everything was looked at, only what was come upon again is left")
    mutating func renews() {
        for shown in ["a", "b"] { _ = errors.add(shown, "x", room: 9) }
        errors.addUnlisted()
        errors.beginRenewal()
        #expect(errors.unlisted == 0)
        #expect(!add("b", "x", room: 9))
        #expect(add("c", "x", room: 9))
        errors.endRenewal()
        #expect(errors.all.map(\.shown) == ["b", "c"])
    }
}
