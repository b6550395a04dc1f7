import Content
import PeerCore
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

    private var files: [ServeSource: ServedFile] = [:]
    /// The connections that wait for a file to be opened.
    private var opening: [ServeSource: [ConnectionID]] = [:]
    /// How many chunks that wait are of each file.
    private var uses: [ServeSource: Int] = [:]

    /// Files held open.
    var count: Int { files.count }

    func standing(of file: UploadQueue.File, _ owner: some UploadsOwner) -> Standing {
        switch file.source {
        case .shared(let name):
            let known = owner.indexed(name)
            if let known, known.root != file.root { return .replaced }
            guard let served = files[file.source], let known, served.identity.hasSameBytes(as: known.identity) else {
                return .closed
            }
            return .ready(served)
        case .manifest: return files[file.source].map { .ready($0) } ?? .closed
        case .partial: return files[file.source].map { .ready($0) } ?? .replaced
        }
    }

    /// A file that is being fetched is open already, and stays so for its chunks when it has its name in the share.
    mutating func keep(_ source: ServeSource, _ served: ServedFile) { files[source] = served }

    /// Whether a file is still what was indexed.
    func isUnchanged(_ served: ServedFile, _ source: ServeSource) -> Bool {
        switch source {
        // Others of its pieces are written all the time; those that are offered were verified.
        case .partial: served.partial?.isServable != false
        case .shared, .manifest:
            (try? FileIO.identity(of: served.file.rawValue).identity)?.hasSameBytes(as: served.identity) == true
        }
    }

    /// - Returns: the job to do, unless it is being done.
    mutating func open(_ source: ServeSource, for connection: ConnectionID) -> PeerJob? {
        defer { opening[source, default: []].append(connection) }
        guard opening[source] == nil else { return nil }
        switch source {
        case .shared(let name): return .openShared(name)
        case .manifest(let digest): return .tree(.openManifest(digest))
        case .partial: return nil
        }
    }

    /// A file was opened, or is not to be had, which is nil.
    /// - Returns: the connections that waited for it.
    mutating func opened(_ source: ServeSource, _ served: ServedFile?) -> [ConnectionID] {
        files[source] = served
        closeIfUnused(source)
        return opening.removeValue(forKey: source) ?? []
    }

    /// A file is not what was indexed any more: the next who wants it opens what stands there then.
    mutating func close(_ source: ServeSource, _ served: ServedFile) {
        if files[source]?.file === served.file { files[source] = nil }
    }

    /// What a file was opened for.
    func source(of file: OpenFile) -> (ServeSource, ServedFile)? {
        files.first { $0.value.file === file }.map { ($0.key, $0.value) }
    }

    mutating func use(_ source: ServeSource) { uses[source, default: 0] += 1 }

    mutating func release(_ source: ServeSource, count: Int = 1) {
        guard let used = uses[source] else { return }
        uses[source] = used > count ? used - count : nil
        closeIfUnused(source)
    }

    /// A file stays open while somebody fetches it, and no longer: then a name that stands for another file is noticed.
    private mutating func closeIfUnused(_ source: ServeSource) {
        if uses[source] == nil { files[source] = nil }
    }
}
