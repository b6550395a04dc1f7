import Content
import DequeModule

/// What went wrong with the last hook of a download, by name, for those who ask.
struct HookFailures {
    /// Names. Enough to find out why, without keeping what nobody asks for.
    static let namesMax = 256

    private var texts: [ShareName: String] = [:]
    /// From the oldest on.
    private var names: Deque<ShareName> = []

    subscript(name: ShareName) -> String? { texts[name] }

    /// The oldest first.
    var all: [(name: ShareName, text: String)] { names.compactMap { name in texts[name].map { (name, $0) } } }

    mutating func record(_ name: ShareName, _ text: String) {
        clear(name)
        if names.count == Self.namesMax, let oldest = names.popFirst() { texts[oldest] = nil }
        names.append(name)
        texts[name] = text
    }

    mutating func clear(_ name: ShareName) {
        if texts.removeValue(forKey: name) != nil { names.removeAll { $0 == name } }
    }
}
