import Content
import Storage

/// Directories that are here only for the sake of what was fetched below them: single files, or other directories. What lies
/// in one is a part of somebody else's directory: offered as a whole, it would be one more version of that, which nobody has
/// made.
///
/// It becomes a directory of its own when somebody puts a file into it, or below it, or when all of it is fetched.
extension ShareIndexer {
    /// These directories were made for something that was fetched.
    mutating func made(_ directories: some Sequence<ShareName>) {
        for name in directories where fragments.insert(name).inserted {
            rows.append(.addFragment(name))
            rowsAreUrgent = true
        }
    }

    /// A file was fetched. One that no row tells of is somebody's own at the next start.
    mutating func fetched(_ file: ShareName) {
        if fragments.contains(where: { file.isBelow($0) }) { rowsAreUrgent = true }
    }

    /// A file is here that was not fetched.
    mutating func claimed(by file: ShareName) {
        guard !fragments.isEmpty else { return }
        endFragments { file.isBelow($0) }
    }

    /// All of a directory is here, or nothing.
    mutating func endFragments(from directory: ShareName) {
        endFragments { $0 == directory || $0.isBelow(directory) }
    }

    private mutating func endFragments(where isOver: (ShareName) -> Bool) {
        for name in fragments.filter(isOver) {
            fragments.remove(name)
            rows.append(.removeFragment(name))
        }
    }
}
