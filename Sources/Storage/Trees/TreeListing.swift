import Content
import Posix

/// What lies in a directory of the share, with all below it.
public struct TreeContents: Sendable {
    public struct File: Sendable {
        /// Below the directory.
        public let path: String
        public let name: ShareName
        public let identity: FileIdentity
        public let mode: FileMode
    }

    public fileprivate(set) var files: [File] = []
    /// Paths below the directory.
    public fileprivate(set) var directories: [(path: String, mode: FileMode)] = []
    /// The directory's own.
    public fileprivate(set) var mode = FileMode.openDirectory
    /// What cannot be shared though it is no link or special file, shown without control characters, with why: the first
    /// of them.
    public fileprivate(set) var refused: [(shown: String, reason: String)] = []
    public fileprivate(set) var refusedCount = 0
    /// The first thing that should be in it and could not be looked at, shown likewise, with why.
    public fileprivate(set) var unreadable: (shown: String, reason: String)?
    /// When the directory itself was last changed, in seconds since 1970.
    public fileprivate(set) var modified: Int64 = 0

    var count: Int { files.count + directories.count }

    fileprivate mutating func refuse(_ path: [UInt8], _ reason: String) {
        refusedCount += 1
        guard refused.count < StorageLimits.refusalsTold else { return }
        refused.append((TerminalText.escape(String(decoding: path, as: UTF8.self)), reason))
    }

    fileprivate mutating func failed(_ path: [UInt8], _ error: SystemError) {
        if unreadable == nil { unreadable = (TerminalText.escape(String(decoding: path, as: UTF8.self)), "\(error)") }
    }
}

/// Goes through a directory of the share and all below it, a bounded number of entries at a time.
public struct TreeListing: Sendable {
    public enum Outcome: Sendable {
        case more(TreeListing)
        case done(TreeContents)
        /// No directory stands at the name.
        case missing
        case tooMany
    }

    /// A directory that is being gone through.
    private struct Current {
        /// Below the listed one, with a slash behind it unless it is that itself.
        let path: [UInt8]
        let directory: Directory
        let names: DirectoryNames
        var next = 0
    }

    public let name: ShareName
    private var contents = TreeContents()
    private var waiting: [[UInt8]] = []
    private var current: Current?
    private var hasBegun = false

    public init(_ name: ShareName) {
        self.name = name
    }

    /// - Throws: if the directory itself cannot be read.
    public consuming func run(in share: Share) throws(SystemError) -> Outcome {
        if !hasBegun, try !begin(in: share) { return .missing }
        var budget = StorageLimits.scanStep
        while budget > 0 {
            if current != nil {
                budget -= lookFurther(budget)
            } else if let path = waiting.popLast() {
                enter(path, in: share)
                budget -= StorageLimits.scanDirectoryCost
            } else {
                return .done(contents)
            }
            if contents.count > ManifestLimits.entriesMax { return .tooMany }
        }
        return .more(self)
    }

    /// - Returns: false if there is no such directory.
    private mutating func begin(in share: Share) throws(SystemError) -> Bool {
        hasBegun = true
        do throws(SystemError) {
            let directory = try share.directory.openDirectory(name.path)
            if let standing = try directory.standing(ofEntry: ".") {
                contents.modified = standing.identity.modifiedSeconds
                contents.mode = FileMode(of: standing.mode)
            }
            current = Current(path: [], directory: directory, names: try directory.names())
            return true
        } catch {
            if error.isMissing || error.isNotADirectory || error.isOtherKind { return false }
            throw error
        }
    }

    private mutating func enter(_ path: [UInt8], in share: Share) {
        do throws(SystemError) {
            let directory = try share.directory.openDirectory(
                "\(name.path)/\(String(decoding: path, as: UTF8.self))")
            current = Current(
                path: path + [UInt8(ascii: "/")], directory: directory, names: try directory.names())
        } catch {
            // Whatever took its place is told by whoever put it there.
            if !error.isMissing, !error.isNotADirectory, !error.isOtherKind { contents.failed(path, error) }
        }
    }

    /// - Returns: how many entries were looked at.
    private mutating func lookFurther(_ limit: Int) -> Int {
        guard var current else { return 0 }
        let last = min(current.names.count, current.next + limit)
        let count = last - current.next
        for index in current.next..<last { look(at: index, of: current) }
        current.next = last
        self.current = last < current.names.count ? current : nil
        return max(1, count)
    }

    private mutating func look(at index: Int, of current: Current) {
        let path = current.path + current.names[index]
        guard current.names.kind(at: index) != .other else { return }
        do throws(ShareNameError) {
            let full = try ShareName(bytes: Array(name.path.utf8) + [UInt8(ascii: "/")] + path)
            take(index, of: current, full, path)
        } catch {
            contents.refuse(path, "\(error)")
        }
    }

    private mutating func take(directory: ShareName, _ path: [UInt8], _ mode: FileMode) {
        guard directory.depth <= ShareName.directoryDepthMax else {
            return contents.refuse(path, "more than \(ShareName.directoryDepthMax) directories deep")
        }
        contents.directories.append((String(decoding: path, as: UTF8.self), mode))
        waiting.append(path)
    }

    private mutating func take(_ index: Int, of current: Current, _ full: ShareName, _ path: [UInt8]) {
        do throws(SystemError) {
            guard let standing = try current.directory.standing(at: index, of: current.names) else { return }
            switch standing.kind {
            case .regular where full.isBackup: break
            case .regular:
                contents.files.append(
                    .init(
                        path: String(decoding: path, as: UTF8.self), name: full, identity: standing.identity,
                        mode: FileMode(of: standing.mode)))
            case .directory: take(directory: full, path, FileMode(of: standing.mode))
            case .other: break
            }
        } catch {
            contents.failed(path, error)
        }
    }
}
