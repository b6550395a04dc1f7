import Content
import PeerCore
import Posix
import Storage

/// Files that went from their names a moment ago, to be known again under another name.
///
/// A file that turns up is one of them if it is the same inode and
///  - nothing about it has changed at all, not even the time of its last change, which every write sets. So it is with the
///    files in a directory that is moved; or
///  - that time differs, as a rename sets it too, but the kernel said that it was one rename that took it from its name
///    and brought it here, it has no other name by which it could have been written to unseen, and its length and the
///    time of its last write are the same. Whoever writes to it is told of by the watches of both directories: before the
///    rename, that took the file out of the index and so kept it from here; after it, the cookie is forgotten and the
///    file is hashed.
struct Departed {
    private var files: [SharedFile] = []
    private var byInode: [UInt64: Int] = [:]
    private var byCookie: [UInt32: Int] = [:]

    var isEmpty: Bool { files.isEmpty }

    /// - Parameter cookie: of the rename that took it away; nil for what was removed, or lay in a directory that went.
    mutating func add(_ file: SharedFile, cookie: UInt32?) {
        byInode[file.stamp.inode] = files.count
        if let cookie { byCookie[cookie] = files.count }
        files.append(file)
    }

    /// - Parameter cookie: of the rename that brought the file, if nothing has happened to it since.
    /// - Returns: the file as it was under its old name.
    func match(_ file: FoundFile, cookie: UInt32?) -> SharedFile? {
        if let old = byInode[file.identity.inode].map({ files[$0] }), old.identity == file.identity { return old }
        guard let cookie, let old = byCookie[cookie].map({ files[$0] }), file.linkCount == 1,
            old.identity.hasSameBytes(as: file.identity)
        else { return nil }
        return old
    }

    mutating func removeAll() { self = Departed() }
}
