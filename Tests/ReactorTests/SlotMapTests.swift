import TestSupport
import Testing

@testable import Reactor

@Suite struct SlotMapTests {
    @Test("A token finds what it was given for")
    func finds() {
        var map = SlotMap<String>()
        let (first, second) = (map.insert("a"), map.insert("b"))
        #expect(map[first] == "a" && map[second] == "b")
        map[first] = "c"
        #expect(map[first] == "c" && map.count == 2)
        #expect(map.tokens == [first, second])
    }

    @Test("A removed token finds nothing, even when its slot is used again")
    func generations() {
        var map = SlotMap<String>()
        let old = map.insert("a")
        map[old] = nil
        let new = map.insert("b")
        #expect(new.slot == old.slot && new.generation != old.generation)
        #expect(map[old] == nil)
        #expect(map[new] == "b")
    }

    @Test("Writing or removing by a stale token changes nothing")
    func stale() {
        var map = SlotMap<String>()
        let old = map.insert("a")
        map[old] = nil
        map[old] = "x"
        #expect(map.count == 0)
        let new = map.insert("b")
        map[old] = nil
        map[old] = "x"
        #expect(map[new] == "b" && map.count == 1)
    }

    @Test("A token of a slot that never was finds nothing")
    func unknown() {
        var map = SlotMap<String>()
        let token = Token(slot: 9, generation: 1)
        map[token] = "x"
        #expect(map[token] == nil && map.count == 0)
    }

    @Test("A token comes back from its raw value")
    func rawValues() {
        let token = Token(slot: .max - 1, generation: 0x8000_0001)
        #expect(Token(rawValue: token.rawValue) == token)
        #expect(token.description == "4294967294.2147483649")
    }

    @Test("It says the same as a dictionary after any operations", arguments: Seeded.seeds(3))
    func againstModel(seed: UInt64) {
        var random = Seeded(seed)
        var map = SlotMap<Int>()
        var model: [Token: Int] = [:]
        var gone: [Token] = []
        for value in 0..<5000 {
            if random.next() % 3 == 0, let token = model.keys.min(by: { $0.rawValue < $1.rawValue }) {
                map[token] = nil
                model[token] = nil
                gone.append(token)
            } else {
                model[map.insert(value)] = value
            }
            #expect(map.count == model.count)
        }
        #expect(model.allSatisfy { map[$0.key] == $0.value })
        #expect(gone.allSatisfy { map[$0] == nil })
        #expect(Set(map.tokens) == Set(model.keys))
    }
}
