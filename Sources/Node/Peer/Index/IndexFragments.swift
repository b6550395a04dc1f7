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
        if !fragments(above: file).isEmpty { rowsAreUrgent = true }
    }

    /// A file is here that was not fetched.
    mutating func claimed(by file: ShareName) {
        end(fragments(above: file))
    }

    /// All of a directory is here, or nothing.
    mutating func endFragments(from directory: ShareName) {
        end(fragments.filter { $0 == directory || $0.isBelow(directory) })
    }

    /// Looked for by the names above a file: it is done for every file, and there may be many fragments.
    private func fragments(above file: ShareName) -> [ShareName] {
        fragments.isEmpty ? [] : sequence(first: file, next: \.parent).dropFirst().filter(fragments.contains)
    }

    private mutating func end(_ names: some Sequence<ShareName>) {
        for name in names {
            fragments.remove(name)
            rows.append(.removeFragment(name))
        }
    }
}
