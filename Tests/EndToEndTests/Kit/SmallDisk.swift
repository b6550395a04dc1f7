import Foundation

/// A file system of a few mebibytes in memory, to run out of.
struct SmallDisk {
    static let isPossible: Bool = {
        guard let scratch = try? Scratch(), let disk = try? SmallDisk(at: scratch.path + "/try", mebibytes: 1) else {
            return false
        }
        disk.unmount()
        scratch.remove()
        return true
    }()

    private let path: String

    init(at path: String, mebibytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("p2pd-e2e", path, "tmpfs", 0, "size=\(mebibytes)m") == 0 else {
            throw Failure("mount a tmpfs on \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Also while a process still has files open there.
    func unmount() { umount2(path, Int32(MNT_DETACH)) }
}
