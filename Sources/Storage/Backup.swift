import Content
import Posix

/// A file kept as `NAME.~N~`, N the lowest number that is free, before another takes its name.
///
/// It gets the second name before it loses the first, so it has one at every moment, whatever happens in between. Where
/// files cannot have two names it is moved instead, and for a moment nothing stands at the first.
struct Backup {
    enum Way {
        case linked
        case moved
        /// An earlier attempt, which did not get any further, had linked it.
        case found
    }

    let name: ShareName
    let way: Way
    private let original: String
    private let kept: String
    private let directory: Directory

    /// - Parameters:
    ///   - file: what stands at its last component in `directory` is kept.
    ///   - sync: make the second name durable before anything happens to the first.
    /// - Throws: ENAMETOOLONG when the number does not fit into the name, EEXIST when too many are kept already.
    init(of file: ShareName, in directory: Directory, sync: Bool) throws(SystemError) {
        let last = file.components.last ?? ""
        for number in 1...StorageLimits.backupsMax {
            guard let name = try? file.backup(number) else {
                throw SystemError("keep what stands at", on: file.path, code: SystemError.nameTooLong)
            }
            let kept = name.last
            guard let way = try Backup.keep(last, as: kept, in: directory) else { continue }
            if sync { try directory.sync() }
            self.name = name
            self.way = way
            original = last
            self.kept = kept
            self.directory = directory
            return
        }
        throw SystemError("keep one more version of", on: file.path, code: SystemError.exists)
    }

    /// - Returns: nil if something else stands at the name.
    private static func keep(
        _ original: String, as kept: String, in directory: Directory
    ) throws(SystemError) -> Way? {
        do throws(SystemError) {
            try directory.link(original, as: kept)
            return .linked
        } catch {
            if error.alreadyExists {
                let (one, other) = (try directory.entry(original)?.identity, try directory.entry(kept)?.identity)
                guard let one, let other, one.inode == other.inode, one.device == other.device else { return nil }
                return .found
            }
            guard error.cannotLink else { throw error }
        }
        return try move(original, as: kept, in: directory) ? .moved : nil
    }

    private static func move(
        _ original: String, as kept: String, in directory: Directory
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try directory.rename(original, to: directory, as: kept, replacing: false)
            return true
        } catch {
            guard error.alreadyExists else { throw error }
            return false
        }
    }

    /// The other file did not take the name after all. If this fails, the file is still there under its second name.
    func undo() {
        switch way {
        case .linked: try? directory.remove(kept)
        case .moved: try? directory.rename(kept, to: directory, as: original, replacing: false)
        case .found: break
        }
    }
}
