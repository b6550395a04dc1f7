/// Values of many fields under keys, each changed where it lies.
///
/// A dictionary moves a value out of its storage and back for every change of one of its fields. For one that has thirty
/// that hold references, as a download has, this was a fifth of what fetching a small file cost the reactor.
struct Table<Key: Hashable, Value> {
    private var places: [Key: Int] = [:]
    /// nil where nothing is kept: never at the first place, which is what all other keys read.
    private var slots: [Value?] = [nil]
    private var free: [Int] = []

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }
    var keys: Dictionary<Key, Int>.Keys { places.keys }
    /// In no order.
    var values: [Value] { slots.compactMap(\.self) }

    /// The value under a key; writing nil removes it.
    subscript(key: Key) -> Value? {
        _read {
            // By itself, an array hands out a copy.
            let slots = slots.span
            yield slots[places[key] ?? 0]
        }
        _modify {
            let place = places[key] ?? reserve()
            yield &slots[place]
            settle(key, place)
        }
    }

    /// - Returns: what was under the key.
    mutating func removeValue(forKey key: Key) -> Value? {
        guard let place = places.removeValue(forKey: key) else { return nil }
        defer { free.append(place) }
        return slots[place].take()
    }

    private mutating func reserve() -> Int {
        if let place = free.popLast() { return place }
        slots.append(nil)
        return slots.count - 1
    }

    /// A value may have come to be at a place, or gone from it.
    private mutating func settle(_ key: Key, _ place: Int) {
        if slots[place] != nil {
            if places[key] == nil { places[key] = place }
        } else {
            places[key] = nil
            free.append(place)
        }
    }
}

extension Table: Sequence {
    /// Those of this moment, in no order: the table may be changed meanwhile.
    func makeIterator() -> AnyIterator<(key: Key, value: Value)> {
        var remaining = places.makeIterator()
        let slots = slots
        return AnyIterator {
            while let (key, place) = remaining.next() {
                if let value = slots[place] { return (key, value) }
            }
            return nil
        }
    }
}
