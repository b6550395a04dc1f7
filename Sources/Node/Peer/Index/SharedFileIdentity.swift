import Content
import PeerCore
import Posix
import Storage

/// The same file as the machine knows it, as storage does, and as the file system does.
extension SharedFile {
    init(_ file: IndexedFile) {
        self.init(name: file.name, root: file.root, stamp: FileStamp(file.identity), layer: file.layer)
    }

    var identity: FileIdentity {
        FileIdentity(
            device: stamp.device, inode: stamp.inode, size: root.length, modified: stamp.modified,
            changed: stamp.changed)
    }
}

extension IndexedFile {
    init(_ file: SharedFile) {
        self.init(name: file.name, root: file.root, identity: file.identity, layer: file.layer)
    }
}

extension FileStamp {
    init(_ identity: FileIdentity) {
        self.init(
            device: identity.device, inode: identity.inode, modified: identity.modified, changed: identity.changed)
    }
}
