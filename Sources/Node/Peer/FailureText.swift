import Content
import Control
import PeerCore

/// A failed wish in words: what was attempted, why it failed, what to do.
extension FetchFailure {
    /// - Parameter own: this peer's address, which stands for it in lists of holders.
    func text(for name: String, own: PeerAddress? = nil) -> ControlFailure {
        switch self {
        case .nobody(_, _, _, let unfit, _) where !unfit.isEmpty: return .unfit(name, at: unfit.map(\.description))
        case .nobody(let asked, let banned, let root, _, let refusing):
            return .nobody(name, root: root?.hex, asked: asked, banned: banned, refusing: refusing)
        case .askTimedOut(let silent, let asked):
            return .silence(name, silent: silent, asked: asked, advice: "give a longer --timeout")
        case .noManager(let reason):
            return .init(
                .timedOut,
                "asking for \(name) timed out: there is no manager to learn from who is active (\(reason)); see "
                    + "`p2pctl status`")
        case .conflict(let versions):
            return .init(
                .conflict,
                "\(name) has \(versions.count) different versions; choose one with --root, --newest or --most-held",
                versions: versions.map { VersionInfo($0, own: own) })
        case .exists(let local, let offered):
            let other = offered.map { "; the swarm has \($0)" } ?? ""
            return .init(
                .exists, "\(name) exists here with other content (\(local))\(other); use --force to replace it")
        case .rotten:
            return .init(
                .rotten,
                "\(name) is here, but bytes of it on the disk are not what was indexed; `p2pctl verify --repair` mends it "
                    + "from others\(name.utf8.last == UInt8(ascii: "/") ? "" : ", --force fetches it anew")")
        case .mending:
            return .init(
                .rotten,
                "\(name) is here, and the bytes of it that were not what was indexed are being fetched from others: "
                    + "`p2pctl downloads` shows how far they are; ask again then")
        case .occupied(let what): return .init(.occupied, "\(name) cannot be fetched: in its place is \(what)")
        case .integrity(let root, let liars):
            return .init(
                .integrity,
                "no honest holder of \(name) (\(root)): \(liars.map(\.description).joined(separator: ", ")) sent data "
                    + "that does not match it; nothing of that was delivered")
        case .badManifest(let reason):
            return .init(
                .integrity,
                "what holders of \(name) send as its list of files is refused: \(reason); nothing was delivered")
        case .incomplete(let result):
            let what =
                switch result.failedFiles {
                case 0: "directories in \(name) are"
                case 1: "1 of \(result.total) files of \(name) is"
                default: "\(result.failedFiles) of \(result.total) files of \(name) are"
                }
            let first = result.failed.first.map { $0.failure.text(for: $0.name.path) }
            let isOutdated = if case .outdated = result.failed.first?.failure { true } else { false }
            return .init(
                first?.cause ?? .disk,
                "\(what) not here\(first.map { ", the first since \($0.message)" } ?? "")"
                    + (isOutdated ? "" : "; `p2pctl req` again fetches what is missing"))
        case .gone(let root, let have, let length):
            return .init(
                .gone,
                "no holder of \(name) is left: \(have) of \(length ?? root.length) bytes are here; the download goes on by "
                    + "itself when a holder joins, or use `p2pctl cancel`")
        case .silent(let root, let have, let length):
            return .init(
                .gone,
                "nothing of \(name) has come from its holders for too long: \(have) of \(length ?? root.length) bytes are "
                    + "here; the download goes on by itself, or use `p2pctl cancel`")
        case .outdated(let root, let have, let length):
            return .init(
                .gone,
                "nobody has \(name) any more as it was listed, with \(have) of \(length ?? root.length) bytes here; `p2pctl req` "
                    + "again fetches what there is now")
        case .disk(let failure):
            return .init(
                failure.isOutOfSpace ? .diskFull : .disk, "cannot store \(name): \(failure.message)",
                errno: failure.code)
        case .full(let failure, let have):
            return .init(
                .diskFull,
                "\(name) is paused with \(have) bytes here: \(failure.message); it goes on by itself when there is room, "
                    + "or use `p2pctl cancel`", errno: failure.code)
        case .paused:
            return .init(.cancelled, "the download of \(name) was paused; `p2pctl resume` takes it up again")
        case .recorded(let words, let kind):
            return .init(.init(rawValue: kind) ?? .disk, "the download of \(name) failed before: \(words)")
        case .cancelled: return .init(.cancelled, "the download of \(name) was cancelled")
        case .otherVersionKept(let root, let have):
            return .init(
                .occupied,
                "\(have) bytes of another version of \(name) are kept (\(root)): `p2pctl resume` goes on with them, "
                    + "`p2pctl cancel` deletes them, so that this one can be asked for again")
        case .otherVersionRunning(let root):
            return .init(
                .occupied, "another version of \(name) is being fetched (\(root)); wait for it, or use `p2pctl cancel`")
        case .tooMany(let limit):
            return .init(.busy, "\(name) was not begun: \(limit) requests or downloads are running; try again later")
        case .noSuchDownload: return .init(.noDownload, "\(name) is not being downloaded; see `p2pctl downloads`")
        case .partOfTree(let tree):
            return .init(
                .usage,
                "\(name) is fetched as part of \(tree)/ and is not paused by itself; `p2pctl pause` of \(tree)/ pauses all "
                    + "of it")
        }
    }
}

extension DownloadEntry.Kind {
    /// Its name for people: a directory's ends in a slash.
    func shown(_ name: ShareName) -> String { TypedName(name, isTree: self == .tree).text }
}

extension Delivery {
    /// Nothing is replaced without being asked to.
    static let overtaken = Delivery.occupied("a file that was put there while it was fetched; --force replaces it")
}

extension VersionInfo {
    init(_ version: FileVersion, own: PeerAddress?) {
        self.init(
            root: version.root.digest.hex, length: version.length, modified: version.modified,
            holders: version.holders.compactMap { ($0.address ?? own)?.description }.sorted())
    }
}
