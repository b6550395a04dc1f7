import Content
import Posix

/// Makes of what the kernel tells of watched directories what it means for the share. It makes no system calls: scans
/// set the watches (`ScanStep`), and whoever asks it removes those that it names.
///
/// Invariant: of every directory that is watched, the name is the one it has now, or an event that says otherwise is on
/// its way. A watch stays with its directory when that is moved, so those of a directory that goes are given up, and set
/// anew by the scan of the place where it turns up.
public struct ShareWatcher: Sendable {
    /// Something that happened to the share.
    public enum Change: Hashable, Sendable {
        /// A file is new or may be another than it was. `isWritten`: its bytes are others. `cookie`: of the rename that
        /// brought it.
        case touched(ShareName, isWritten: Bool, cookie: UInt32?)
        /// A file is there no more. `cookie`: of the rename that took it away.
        case gone(ShareName, cookie: UInt32?)
        /// What is in this directory has to be looked at.
        case directoryAppeared(ShareName?)
        /// All that was in this directory is there no more.
        case directoryGone(ShareName)
        /// Something that cannot be shared, shown without control characters, with why.
        case refused(shown: String, reason: String)
        case refusedGone(shown: String)
        /// Events were lost: everything has to be looked at.
        case lost
        /// The share itself is not watched any more.
        case blind
    }

    private enum Watched: Sendable {
        case share
        case below(ShareName)

        init(_ directory: ShareName?) {
            self = directory.map { .below($0) } ?? .share
        }

        var directory: ShareName? {
            switch self {
            case .share: nil
            case .below(let name): name
            }
        }
    }

    private var places: [Int32: Watched] = [:]
    private var watches: [ShareName: Int32] = [:]
    /// Watches of which there were events before a scan told of them.
    private var early: Set<Int32> = []
    /// Watches that were told of since the scan of the whole share began; nil while there is none.
    private var renewed: Set<Int32>?

    public init() {}

    /// Directories watched.
    public var count: Int { places.count }

    // MARK: Watches

    /// Takes what a scan watches.
    /// - Returns: directories to look at once more: something happened in them before it was known which they are.
    public mutating func watched(_ reports: [(watch: Int32, directory: ShareName?)]) -> [Change] {
        var changes: [Change] = []
        for (watch, directory) in reports {
            if case .below(let old) = places[watch], watches[old] == watch { watches[old] = nil }
            places[watch] = Watched(directory)
            if let directory { watches[directory] = watch }
            renewed?.insert(watch)
            if early.remove(watch) != nil { changes.append(.directoryAppeared(directory)) }
        }
        return changes
    }

    /// A scan of the whole share begins: what it does not come upon is not there any more.
    public mutating func beginRenewal() { renewed = [] }

    /// No scan is under way any more.
    /// - Returns: watches to remove.
    public mutating func scansEnded() -> [Int32] {
        early = []
        guard let renewed else { return [] }
        self.renewed = nil
        return remove(places.keys.filter { !renewed.contains($0) })
    }

    /// - Returns: the watches of a directory and of all below it, to remove.
    public mutating func forget(_ directory: ShareName) -> [Int32] {
        let below = watches.filter { $0.key == directory || $0.key.isBelow(directory) }
        return remove(Array(below.values))
    }

    private mutating func remove(_ gone: [Int32]) -> [Int32] {
        for watch in gone { drop(watch) }
        return gone
    }

    private mutating func drop(_ watch: Int32) {
        guard let place = places.removeValue(forKey: watch), let name = place.directory else { return }
        if watches[name] == watch { watches[name] = nil }
    }

    // MARK: Events

    /// - Parameter isScanning: watches may be set that were not told of yet.
    public mutating func handle(_ events: [Inotify.Event], isScanning: Bool) -> [Change] {
        var changes: [Change] = []
        for event in events {
            guard let change = handle(event, isScanning), change != changes.last else { continue }
            changes.append(change)
        }
        return changes
    }

    private mutating func handle(_ event: Inotify.Event, _ isScanning: Bool) -> Change? {
        if event.mask.contains(.overflow) || event.mask.contains(.unmounted) { return .lost }
        guard let place = places[event.watch] else {
            return isScanning && !event.mask.contains(.ignored) ? remember(event.watch) : nil
        }
        if event.mask.contains(.ignored) {
            drop(event.watch)
            return place.directory == nil ? .blind : nil
        }
        return event.name.isEmpty ? nil : change(event, in: place.directory)
    }

    private mutating func remember(_ watch: Int32) -> Change? {
        guard early.count < StorageLimits.earlyWatchesMax else { return .lost }
        early.insert(watch)
        return nil
    }

    private func change(_ event: Inotify.Event, in directory: ShareName?) -> Change? {
        let path = (directory.map { Array($0.path.utf8) + [UInt8(ascii: "/")] } ?? []) + event.name
        let isGone = !event.mask.isDisjoint(with: [.movedFrom, .deleted])
        do throws(ShareNameError) {
            let name = try ShareName(bytes: path)
            if event.mask.contains(.isDirectory) { return isGone ? .directoryGone(name) : .directoryAppeared(name) }
            guard !name.isBackup else { return nil }
            let cookie = event.cookie == 0 ? nil : event.cookie
            if isGone { return .gone(name, cookie: cookie) }
            return .touched(name, isWritten: event.mask.contains(.modified), cookie: cookie)
        } catch {
            if error == .reserved { return nil }
            let shown = TerminalText.escape(String(decoding: path, as: UTF8.self))
            return isGone ? .refusedGone(shown: shown) : .refused(shown: shown, reason: "\(error)")
        }
    }
}
