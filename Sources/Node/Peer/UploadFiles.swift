import Content
import Posix
import Storage

/// The files that uploads read from: each opened once for all who fetch it, and known to be what was indexed.
struct UploadFiles {
    /// How a file stands for somebody who wants pieces of it.
    enum Standing {
        case ready(ServedFile)
        case closed
        /// Another version stands at the name since the chunk was asked for.
        case replaced
    }

    private var files: [UploadSource: ServedFile] = [:]
    /// The connections that wait for a file to be opened.
    private var opening: [UploadSource: [ConnectionID]] = [:]
    /// How many chunks that wait are of each file.
    private var uses: [UploadSource: Int] = [:]

    /// Files held open.
    var count: Int { files.count }

    func standing(of file: UploadQueue.File, _ owner: some UploadsOwner) -> Standing {
        switch file.source {
        case .shared(let name):
            let known = owner.indexed(name)
            if let known, known.root != file.root { return .replaced }
            guard let served = files[file.source], served.identity == known?.identity else { return .closed }
            return .ready(served)
        }
    }

    /// Whether a file is still what was indexed.
    func isUnchanged(_ served: ServedFile, _ source: UploadSource) -> Bool {
        switch source {
        case .shared: (try? FileIO.identity(of: served.file.rawValue).identity) == served.identity
        }
    }

    /// - Returns: the job to do, unless it is being done.
    mutating func open(_ source: UploadSource, for connection: ConnectionID) -> PeerJob? {
        defer { opening[source, default: []].append(connection) }
        guard opening[source] == nil else { return nil }
        switch source {
        case .shared(let name): return .openShared(name)
        }
    }

    /// A file was opened, or is not to be had, which is nil.
    /// - Returns: the connections that waited for it.
    mutating func opened(_ source: UploadSource, _ served: ServedFile?) -> [ConnectionID] {
        files[source] = served
        closeIfUnused(source)
        return opening.removeValue(forKey: source) ?? []
    }

    /// A file is not what was indexed any more: the next who wants it opens what stands there then.
    mutating func close(_ source: UploadSource, _ served: ServedFile) {
        if files[source]?.file === served.file { files[source] = nil }
    }

    /// What a file was opened for.
    func source(of file: OpenFile) -> (UploadSource, ServedFile)? {
        files.first { $0.value.file === file }.map { ($0.key, $0.value) }
    }

    mutating func use(_ source: UploadSource) { uses[source, default: 0] += 1 }

    mutating func release(_ source: UploadSource, count: Int = 1) {
        guard let used = uses[source] else { return }
        uses[source] = used > count ? used - count : nil
        closeIfUnused(source)
    }

    /// A file stays open while somebody fetches it, and no longer: then a name that stands for another file is noticed.
    private mutating func closeIfUnused(_ source: UploadSource) {
        if uses[source] == nil { files[source] = nil }
    }
}
