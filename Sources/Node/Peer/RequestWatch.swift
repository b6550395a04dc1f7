import Content
import Control
import PeerCore
import Storage

/// Which client waits for which request, and what it has been told of its progress.
struct RequestWatch {
    /// Between two progress notifications of one request.
    static let interval = Span.milliseconds(200)

    /// Seconds that a rate is smoothed over: under a limit, bytes come by batches.
    fileprivate static let memory = 2.0

    /// A client's request and where its answer goes.
    struct Watcher {
        let client: ControlClientID
        let id: ControlID
        /// Nil where it is about no single name.
        let name: ShareName?
        /// It is a directory's, or was typed as one.
        let isTree: Bool
        let purpose: Purpose
        /// Bytes from the start of the file that the client knows it can read.
        fileprivate var readyBytes: UInt64 = 0
        /// While the file has this seal.
        fileprivate var readySeal: Int64 = 0

        init(client: ControlClientID, id: ControlID, name: ShareName?, isTree: Bool = false, purpose: Purpose) {
            self.client = client
            self.id = id
            self.name = name
            self.isTree = isTree
            self.purpose = purpose
        }
    }

    /// What the client wants, which decides what it is answered.
    enum Purpose {
        /// Progress is told while it lasts; with `isStreaming`, also how far the file can be read.
        case fetch(isStreaming: Bool)
        case cancel
        /// To pause or resume these.
        case choose([String])
        case prioritize(Int)
        case survey
        /// To make a file whole that `verify` found rotten; the answer is a part of its.
        case repair(VerifyTally, IndexedFile, bad: PieceSet)
        case lift(Control.BanChoice)
    }

    /// How fast a download has been: on the whole at first, then smoothed.
    private struct Pace {
        let begun: (received: UInt64, at: UInt64)
        var last: (received: UInt64, at: UInt64)
        var bytesPerSecond: Double = 0

        init(begun received: UInt64, at now: UInt64) { (begun, last) = ((received, now), (received, now)) }

        mutating func read(_ received: UInt64, at now: UInt64) {
            if now > last.at {
                let (whole, seconds) = (Self.seconds(from: begun.at, to: now), Self.seconds(from: last.at, to: now))
                if whole < RequestWatch.memory {
                    bytesPerSecond = Double(received &- min(received, begun.received)) / whole
                } else {
                    let current = Double(received &- min(received, last.received)) / seconds
                    bytesPerSecond += (current - bytesPerSecond) * seconds / (seconds + RequestWatch.memory)
                }
            }
            last = (received, now)
        }

        private static func seconds(from: UInt64, to: UInt64) -> Double { Double(to &- from) / 1e9 }
    }

    private var watchers: [RequestID: Watcher] = [:]
    private var paces: [DownloadID: Pace] = [:]
    private var lastRequest: UInt64 = 0

    /// Requests of this run come after those that an earlier one left.
    mutating func begin(after request: UInt64) { lastRequest = max(lastRequest, request) }

    var isEmpty: Bool { watchers.isEmpty }

    mutating func add(_ watcher: Watcher) -> RequestID {
        lastRequest += 1
        let request = RequestID(rawValue: lastRequest)
        watchers[request] = watcher
        return request
    }

    subscript(request: RequestID) -> Watcher? { watchers[request] }

    mutating func remove(_ request: RequestID) -> Watcher? { watchers.removeValue(forKey: request) }

    /// The client is gone; what it asked for goes on.
    mutating func forget(_ client: ControlClientID) {
        watchers = watchers.filter { $0.value.client != client }
    }

    /// Bytes a second of a download, as measured by `measure`; of one that does not fetch now, none.
    func rate(of status: DownloadStatus) -> Double {
        status.state == .fetching ? bytesPerSecond(status.id) : 0
    }

    func bytesPerSecond(_ id: DownloadID) -> Double { paces[id]?.bytesPerSecond ?? 0 }

    /// What every client that waits for a download is to be told now.
    /// - Parameters:
    ///   - status: the download that a request waits for, if there is one yet.
    ///   - place: where a download's partial file is, and how it is sealed.
    mutating func progress(
        of downloads: [DownloadStatus], at now: UInt64, status: (RequestID) -> DownloadStatus?,
        place: (DownloadID) -> (path: String, seal: Int64)?
    ) -> [(ControlClientID, ControlNotification)] {
        measure(downloads, at: now)
        var notifications: [(ControlClientID, ControlNotification)] = []
        for (request, watcher) in watchers {
            guard case .fetch(let isStreaming) = watcher.purpose else { continue }
            let status = status(request)
            var events = [ControlEvent.progress(event(watcher, status))]
            if isStreaming, let status, let event = ready(request, status, place(status.id)) {
                events.append(.ready(event))
            }
            notifications += events.map { (watcher.client, ControlNotification(request: watcher.id, event: $0)) }
        }
        return notifications
    }

    /// - Returns: nil if there is nothing to read that the client does not know of.
    private mutating func ready(
        _ request: RequestID, _ status: DownloadStatus, _ place: (path: String, seal: Int64)?
    ) -> ReadyEvent? {
        guard let (path, seal) = place, let known = watchers[request], status.prefix > 0,
            status.prefix > known.readyBytes || seal != known.readySeal
        else { return nil }
        watchers[request]?.readyBytes = status.prefix
        watchers[request]?.readySeal = seal
        return ReadyEvent(path: path, bytes: status.prefix, seal: seal)
    }

    private mutating func measure(_ downloads: [DownloadStatus], at now: UInt64) {
        var measured: [DownloadID: Pace] = [:]
        for download in downloads where download.state == .fetching {
            // What came before a pause does not count after it.
            let since = download.since.nanoseconds
            let isNew = Double(now &- since) / 1e9 <= Self.memory
            var pace =
                paces[download.id]
                ?? (isNew ? Pace(begun: 0, at: since) : Pace(begun: download.received, at: now))
            pace.read(download.received, at: now)
            measured[download.id] = pace
        }
        paces = measured
    }

    private func event(_ watcher: Watcher, _ status: DownloadStatus?) -> ProgressEvent {
        let name = watcher.name?.path ?? ""
        guard let status else {
            return ProgressEvent(name: name, state: .asking, have: 0, length: 0, bytesPerSecond: 0, holders: 0)
        }
        return ProgressEvent(
            name: name, state: DownloadState(status.state), have: status.have, length: status.length,
            bytesPerSecond: rate(of: status), holders: status.activeHolders, waitingFor: status.waitingFor)
    }
}
