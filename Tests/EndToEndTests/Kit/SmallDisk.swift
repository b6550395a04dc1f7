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

    /// - Parameter inodes: files and directories that it takes, itself among them; nil for as many as there is room for.
    init(at path: String, mebibytes: Int, inodes: Int? = nil) throws {
        self.path = path
        let options = ["size=\(mebibytes)m"] + (inodes.map { ["nr_inodes=\($0)"] } ?? [])
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("p2pd-e2e", path, "tmpfs", 0, options.joined(separator: ",")) == 0 else {
            throw Failure("mount a tmpfs on \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Bytes that are not taken.
    var free: Int {
        var space = statvfs()
        return statvfs(path, &space) == 0 ? Int(space.f_bavail * space.f_frsize) : 0
    }

    private var filler: String { path + "/filler" }

    /// Takes all the room there is but so much.
    func fill(leaving bytes: Int) throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        guard file >= 0, posix_fallocate(file, 0, free - bytes) == 0 else {
            throw Failure("fill \(path) but for \(bytes) bytes")
        }
    }

    /// Gives back what `fill` took.
    func clear() { unlink(filler) }

    /// Gives back the room that a file has reserved but not written to.
    /// - Parameter range: of whole pages.
    func takeBack(_ range: Range<Int>, of path: String) throws {
        let file = open(path, O_RDWR | O_CLOEXEC)
        defer { close(file) }
        guard file >= 0,
            let pages = mmap(nil, range.count, PROT_READ | PROT_WRITE, MAP_SHARED, file, range.lowerBound),
            pages != MAP_FAILED
        else { throw Failure("map \(path): errno \(errno)") }
        defer { munmap(pages, range.count) }
        guard madvise(pages, range.count, Int32(MADV_REMOVE)) == 0 else {
            throw Failure("make a hole in \(path): errno \(errno)")
        }
    }

    /// Also while a process still has files open there.
    func unmount() { umount2(path, Int32(MNT_DETACH)) }
}
