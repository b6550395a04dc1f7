import Content
import Storage

/// Directories that are here only for the sake of files that were fetched by themselves. What lies in one is a part of
/// somebody else's directory: offered as a whole, it would be one more version of that, which nobody has made.
///
/// It becomes a directory of its own when somebody puts a file into it, or below it, or when all of it is fetched.
extension ShareIndexer {
    /// A file was fetched, and these directories were made for it.
    mutating func made(_ directories: Set<ShareName>) {
        for name in directories where fragments.insert(name).inserted { rows.append(.addFragment(name)) }
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
