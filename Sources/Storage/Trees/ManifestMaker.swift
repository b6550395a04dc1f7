import Content
import Posix

/// What is known of a file that lies in a directory.
public enum KnownContent: Sendable {
    case root(FileRoot)
    /// It is not known yet, or not any more.
    case pending
    /// It cannot be known, for this reason.
    case unreadable(String)
}

/// Makes a directory's manifest of what lies in it and what is known of its files.
public enum ManifestMaker {
    public enum Outcome: Sendable {
        case made(MadeManifest)
        /// A file's content is not known yet: ask again later.
        case pending
        case refused(ManifestError)
        /// Something in it cannot be read, or has rotted.
        case incomplete(shown: String, reason: String)
    }

    /// Without a file whose content cannot be known there is no manifest: what is left would pass for a version of the
    /// directory, and whoever fetches it would have all there is and not know what is missing. Modes are those that
    /// whoever fetches the directory can give, so that its copy is the same version.
    /// - Parameter known: what is known of a file that stands so.
    public static func make(
        _ name: ShareName, _ contents: TreeContents, known: (ShareName, FileIdentity) -> KnownContent
    ) -> Outcome {
        if let (shown, reason) = contents.unreadable { return .incomplete(shown: shown, reason: reason) }
        var entries = contents.directories.map { Manifest.Entry(path: $0.path, kind: .directory($0.mode.forDirectory)) }
        entries.reserveCapacity(contents.count)
        var modified = contents.files.isEmpty ? contents.modified : Int64.min
        for file in contents.files {
            switch known(file.name, file.identity) {
            case .root(let root):
                entries.append(.init(path: file.path, kind: .file(root, file.mode.forFile)))
                modified = max(modified, file.identity.modifiedSeconds)
            case .pending: return .pending
            case .unreadable(let reason):
                return .incomplete(shown: TerminalText.escape(file.path), reason: reason)
            }
        }
        do throws(ManifestError) {
            let manifest = try Manifest(name: name, mode: contents.mode.forDirectory, entries: entries)
            return .made(
                MadeManifest(
                    manifest: manifest, modified: max(0, modified), refused: contents.refused,
                    refusedCount: contents.refusedCount))
        } catch {
            return .refused(error)
        }
    }
}

/// A manifest as it was made of a directory.
public struct MadeManifest: Sendable {
    public let manifest: Manifest
    /// When the last of its files was written, in seconds since 1970.
    public let modified: Int64
    /// What is not in it, shown without control characters, with why: the first of them.
    public let refused: [(shown: String, reason: String)]
    public let refusedCount: Int
}
