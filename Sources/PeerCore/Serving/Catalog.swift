import Content
import Wire

/// What this peer offers, by name and by content: one table, with the order of the names and the chains of equal digests
/// beside it as numbers of rows.
public struct Catalog: Sendable {
    private static let none = UInt32.max

    private struct Row {
        /// nil: free for another file.
        var file: SharedFile?
        /// Rows before and after in the chain of the digest's bucket.
        var previous = none
        var next = none
    }

    private var rows: [Row] = []
    private var free: [UInt32] = []
    private var order = NameOrder()
    /// The first row of each chain; a power of two of them, at least one a file.
    private var buckets = [none]
    /// Names of files that are not offered, but may be soon.
    private var settling: Set<ShareName> = []

    public private(set) var count = 0
    /// Bytes of all files.
    public private(set) var bytes: UInt64 = 0

    public init() {}

    // MARK: Change

    /// Backups are not offered, however they came.
    public mutating func insert(_ file: SharedFile) {
        guard !file.name.isBackup else { return }
        if !settling.isEmpty { settling.remove(file.name) }
        let place = place(of: file.name)
        if let row = order[place], let old = rows[Int(row)].file, old.name == file.name {
            forget(old, row)
            return keep(file, row)
        }
        let row = free.popLast() ?? UInt32(rows.count)
        if row == rows.count { rows.append(Row()) }
        order.insert(row, at: place)
        keep(file, row)
    }

    public mutating func remove(_ name: ShareName) {
        if !settling.isEmpty { settling.remove(name) }
        let place = place(of: name)
        guard let row = order[place], let file = rows[Int(row)].file, file.name == name else { return }
        order.remove(at: place)
        forget(file, row)
        free.append(row)
    }

    private mutating func keep(_ file: SharedFile, _ row: UInt32) {
        rows[Int(row)].file = file
        count += 1
        bytes += file.root.length
        if count > buckets.count { rebuildChains() } else { link(row, file.root.digest) }
    }

    private mutating func forget(_ file: SharedFile, _ row: UInt32) {
        unlink(row, file.root.digest)
        rows[Int(row)] = Row()
        count -= 1
        bytes -= file.root.length
    }

    /// A file is not offered now, but may be soon.
    mutating func suspend(_ name: ShareName) {
        remove(name)
        settling.insert(name)
    }

    // MARK: Names

    public subscript(name: ShareName) -> SharedFile? {
        guard let file = file(at: place(of: name)), file.name == name else { return nil }
        return file
    }

    /// Files in the order of their names' bytes.
    /// - Parameter after: the last name of the page before.
    public func page(after: ShareName?, limit: Int) -> (files: [SharedFile], more: Bool) {
        var place = order.place { row in after.map { self.name(row, isBefore: $0, orAt: true) } ?? false }
        var files: [SharedFile] = []
        while files.count < limit, let file = file(at: place) {
            files.append(file)
            place = order.after(place)
        }
        return (files, order[place] != nil)
    }

    /// Files below a directory, in the order of their names' bytes: the first of them, or those after one.
    public func files(below directory: ShareName, after: ShareName? = nil, limit: Int) -> [SharedFile] {
        let prefix = directory.path + "/"
        var place = order.place { row in
            if let after { return self.name(row, isBefore: after, orAt: true) }
            return rows[Int(row)].file?.name.path.utf8.lexicographicallyPrecedes(prefix.utf8) ?? false
        }
        var files: [SharedFile] = []
        while files.count < limit, let file = file(at: place), file.name.path.utf8.starts(with: prefix.utf8) {
            files.append(file)
            place = order.after(place)
        }
        return files
    }

    /// Calls for every file, in the order of their names' bytes.
    public func forEach(_ body: (SharedFile) -> Void) {
        var place = order.place { _ in false }
        while let file = file(at: place) {
            body(file)
            place = order.after(place)
        }
    }

    private func place(of name: ShareName) -> NameOrder.Place {
        order.place { self.name($0, isBefore: name, orAt: false) }
    }

    private func name(_ row: UInt32, isBefore name: ShareName, orAt: Bool) -> Bool {
        guard let own = rows[Int(row)].file?.name else { return false }
        return orAt ? !(name < own) : own < name
    }

    private func file(at place: NameOrder.Place) -> SharedFile? {
        order[place].flatMap { rows[Int($0)].file }
    }

    // MARK: Content

    public func file(for query: FileQuery) -> SharedFile? {
        switch query {
        case .name(let name): self[name]
        case .root(let root): file(root: root)
        case .digest(let digest): first(digest) { _ in true }
        case .tree: nil
        }
    }

    /// Some file of this content.
    public func file(root: FileRoot) -> SharedFile? {
        first(root.digest) { $0.root == root }
    }

    /// Whether what is asked for is not offered only because it is being indexed.
    func isSettling(_ query: FileQuery) -> Bool {
        guard case .name(let name) = query else { return false }
        return settling.contains(name)
    }

    private func first(_ digest: Digest, where isMeant: (SharedFile) -> Bool) -> SharedFile? {
        var row = buckets[bucket(digest)]
        while row != Catalog.none, let file = rows[Int(row)].file {
            if file.root.digest == digest, isMeant(file) { return file }
            row = rows[Int(row)].next
        }
        return nil
    }

    // MARK: Chains

    /// Hashed with the process's own seed: files could be made whose digests begin alike.
    private func bucket(_ digest: Digest) -> Int {
        digest.hashValue & (buckets.count - 1)
    }

    private mutating func link(_ row: UInt32, _ digest: Digest) {
        let bucket = bucket(digest)
        let first = buckets[bucket]
        rows[Int(row)].previous = Catalog.none
        rows[Int(row)].next = first
        if first != Catalog.none { rows[Int(first)].previous = row }
        buckets[bucket] = row
    }

    private mutating func unlink(_ row: UInt32, _ digest: Digest) {
        let (previous, next) = (rows[Int(row)].previous, rows[Int(row)].next)
        if previous != Catalog.none { rows[Int(previous)].next = next } else { buckets[bucket(digest)] = next }
        if next != Catalog.none { rows[Int(next)].previous = previous }
    }

    private mutating func rebuildChains() {
        buckets = Array(repeating: Catalog.none, count: buckets.count * 2)
        for row in rows.indices {
            if let file = rows[row].file { link(UInt32(row), file.root.digest) }
        }
    }
}
