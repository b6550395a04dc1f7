import Content
import Posix

/// The shared directory. Its calls wait for the disk: for workers.
public struct Share: Sendable {
    public let directory: Directory

    public init(_ directory: Directory) {
        self.directory = directory
    }

    static let reservedBytes = Array(ShareName.reserved.utf8)

    /// How files stand, without opening them.
    public func look(at names: [ShareName]) -> [Looked] {
        names.map { name in
            do throws(SystemError) {
                guard let standing = try directory.standing(at: name.path), standing.kind == .regular else {
                    return .nothing(name)
                }
                return .file(FoundFile(name, standing))
            } catch {
                return .failed(name, error)
            }
        }
    }

    /// What was seen at a name.
    public enum Looked: Sendable {
        /// Nothing that could be shared.
        case nothing(ShareName)
        case file(FoundFile)
        case failed(ShareName, SystemError)
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

    /// Appends a small file's bytes, if it is still the same before and after they were read.
    /// - Returns: false if it is not; then what was appended means nothing.
    public func read(
        _ name: ShareName, as identity: FileIdentity, into bytes: inout [UInt8]
    ) throws(SystemError) -> Bool {
        let (file, current) = try open(name)
        guard current.hasSameBytes(as: identity) else { return false }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: Int(identity.size)))
        let count: Result<Int, SystemError> = bytes.withUnsafeMutableBytes { all in
            do throws(SystemError) {
                return .success(
                    try FileIO.read(file.rawValue, into: UnsafeMutableRawBufferPointer(rebasing: all[start...]), at: 0))
            } catch {
                return .failure(error)
            }
        }
        guard try count.get() == Int(identity.size) else { return false }
        return try FileIO.identity(of: file.rawValue).identity.hasSameBytes(as: identity)
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
            if error.isOtherKind {
                let isDirectory = try directory.standing(at: name.path)?.kind == .directory
                return .occupied(
                    isDirectory ? "a directory, whose name ends in /" : "something that is no regular file")
            }
            if error.isNotADirectory { return .occupied("a file where a directory should be") }
            throw error
        }
    }

    /// A file that is put where nobody finds it is not delivered.
    func checkIsThere() throws(SystemError) {
        guard directory.isAtItsPath else {
            throw SystemError("find the directory that is shared at", on: directory.path, code: SystemError.missing)
        }
    }

    /// Opens the directory that `name` lies in, making those that are missing.
    public func makeParent(
        of name: ShareName, sync: Bool, mode: UInt32 = 0o755
    ) throws(SystemError) -> (directory: Directory, last: String) {
        var made: Set<ShareName> = []
        return try makeParent(of: name, sync: sync, mode: mode, made: &made)
    }

    /// - Parameter made: those that were missing are added, also if it fails.
    func makeParent(
        of name: ShareName, sync: Bool, mode: UInt32 = 0o755, made: inout Set<ShareName>
    ) throws(SystemError) -> (directory: Directory, last: String) {
        var target = directory
        let components = name.components
        let above = sequence(first: name, next: \.parent).dropFirst().reversed()
        for (component, directory) in zip(components, above) {
            if try target.makeDirectory(component, mode: mode) { made.insert(directory) }
            let child = try target.openDirectory(component)
            // A new directory's own name must survive a crash as well as the file in it.
            if sync { try target.sync() }
            target = child
        }
        return (target, components.last ?? "")
    }
}
