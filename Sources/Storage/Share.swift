import Content
import Posix

/// The shared directory. Its calls wait for the disk: for workers.
public struct Share: Sendable {
    public let directory: Directory

    public init(_ directory: Directory) {
        self.directory = directory
    }

    /// What one directory of the share holds.
    public struct Listing: Sendable {
        public var files: [ShareName] = []
        public var directories: [ShareName] = []
        /// Entries that cannot be shared, with why.
        public var refused: [String] = []
    }

    /// Lists one directory; links and special files are left out.
    /// - Parameter name: nil for the share itself.
    public func list(_ name: ShareName?) throws(SystemError) -> Listing {
        let target = name == nil ? directory : try directory.openDirectory(name?.path ?? "")
        let prefix = name.map { Array($0.path.utf8) + [UInt8(ascii: "/")] } ?? []
        var listing = Listing()
        for (entry, kind) in try target.entries() where !(name == nil && entry == Array(ShareName.reserved.utf8)) {
            do throws(ShareNameError) {
                let child = try ShareName(bytes: prefix + entry)
                switch kind {
                case .regular: listing.files.append(child)
                case .directory where child.components.count < StorageLimits.depthMax: listing.directories.append(child)
                case .directory:
                    listing.refused.append("\(child): more than \(StorageLimits.depthMax) directories deep")
                case .other: break
                }
            } catch {
                let shown = TerminalText.escape(String(decoding: prefix + entry, as: UTF8.self))
                listing.refused.append("\(shown): \(error)")
            }
        }
        return listing
    }

    /// Opens a file for reading.
    /// - Throws: EINVAL for what is no regular file.
    public func open(_ name: ShareName) throws(SystemError) -> (file: OpenFile, identity: FileIdentity) {
        let path = "\(directory.path)/\(name)"
        let file = OpenFile(try directory.openFile(name.path), path: path)
        let (kind, identity) = try FileIO.identity(of: file.rawValue)
        guard kind == .regular else { throw SystemError("open as a file", on: path, code: SystemError.notAFile) }
        return (file, identity)
    }

    /// What stands at a name.
    public enum Standing: Sendable {
        case absent
        case file(FileIdentity)
        /// Said in a word, for a message.
        case occupied(String)
    }

    public func standing(at name: ShareName) throws(SystemError) -> Standing {
        do throws(SystemError) {
            return .file(try open(name).identity)
        } catch {
            if error.isMissing { return .absent }
            if error.isOtherKind { return .occupied("something that is no regular file") }
            if error.isNotADirectory { return .occupied("a file where a directory should be") }
            throw error
        }
    }

    /// Opens the directory that `name` lies in, making those that are missing.
    public func makeParent(of name: ShareName, sync: Bool) throws(SystemError) -> (directory: Directory, last: String) {
        var target = directory
        let components = name.components
        for component in components.dropLast() {
            try target.makeDirectory(component)
            let child = try target.openDirectory(component)
            // A new directory's own name must survive a crash as well as the file in it.
            if sync { try target.sync() }
            target = child
        }
        return (target, components.last ?? "")
    }
}
