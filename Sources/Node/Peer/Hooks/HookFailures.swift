import Content
import DequeModule
import PeerCore

/// What went wrong with a download's last hook.
struct HookFailure {
    let download: EndedDownload
    /// The download went well: it was put into the share.
    let isDone: Bool
    /// In words.
    let text: String

    var name: ShareName { download.name }
}

/// What went wrong with the last hook of a download, by name, for those who ask.
struct HookFailures {
    /// Names. Enough to find out why, without keeping what nobody asks for.
    static let namesMax = 256

    private var byName: [ShareName: HookFailure] = [:]
    /// From the oldest on.
    private var names: Deque<ShareName> = []

    subscript(name: ShareName) -> HookFailure? { byName[name] }

    /// The oldest first.
    var all: [HookFailure] { names.compactMap { byName[$0] } }

    mutating func record(_ failure: HookFailure) {
        clear(failure.name)
        if names.count == Self.namesMax, let oldest = names.popFirst() { byName[oldest] = nil }
        names.append(failure.name)
        byName[failure.name] = failure
    }

    mutating func clear(_ name: ShareName) {
        if byName.removeValue(forKey: name) != nil { names.removeAll { $0 == name } }
    }
}
