import Content
import Control
import PeerCore

/// Which client waits for which request, and what it has been told of its progress.
struct RequestWatch {
    /// Between two progress notifications of one request.
    static let interval = Span.milliseconds(200)

    /// A client's request and where its answer goes.
    struct Watcher {
        let client: ControlClientID
        let id: ControlID
        let wish: FetchWish
    }

    /// How fast a download has been, smoothed.
    private struct Pace {
        var have: UInt64
        var at: UInt64
        var bytesPerSecond: Double = 0
    }

    private var watchers: [RequestID: Watcher] = [:]
    private var paces: [DownloadID: Pace] = [:]
    private var lastRequest: UInt64 = 0

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

    /// Bytes a second of a download, as measured by `measure`.
    func bytesPerSecond(_ id: DownloadID) -> Double { paces[id]?.bytesPerSecond ?? 0 }

    /// What every waiting client is to be told now.
    /// - Parameter status: the download that a request waits for, if there is one yet.
    mutating func progress(
        of downloads: [DownloadStatus], at now: UInt64, status: (RequestID) -> DownloadStatus?
    ) -> [(ControlClientID, ControlNotification)] {
        measure(downloads, at: now)
        var notifications: [(ControlClientID, ControlNotification)] = []
        for (request, watcher) in watchers {
            let event = event(watcher, status(request))
            notifications.append((watcher.client, ControlNotification(request: watcher.id, event: .progress(event))))
        }
        return notifications
    }

    private mutating func measure(_ downloads: [DownloadStatus], at now: UInt64) {
        var measured: [DownloadID: Pace] = [:]
        for download in downloads {
            var pace = paces[download.id] ?? Pace(have: 0, at: download.since.nanoseconds)
            let seconds = Double(now &- pace.at) / 1e9
            if seconds > 0 {
                let current = Double(download.have &- min(download.have, pace.have)) / seconds
                pace.bytesPerSecond = pace.bytesPerSecond == 0 ? current : pace.bytesPerSecond * 0.7 + current * 0.3
            }
            pace.have = download.have
            pace.at = now
            measured[download.id] = pace
        }
        paces = measured
    }

    private func event(_ watcher: Watcher, _ status: DownloadStatus?) -> ProgressEvent {
        guard let status else {
            return ProgressEvent(
                name: watcher.wish.name.path, state: .asking, have: 0, length: 0, bytesPerSecond: 0, holders: 0)
        }
        return ProgressEvent(
            name: watcher.wish.name.path, state: DownloadState(status.state), have: status.have,
            length: status.root.length, bytesPerSecond: bytesPerSecond(status.id), holders: status.activeHolders,
            waitingFor: status.state == .waiting ? Self.waitingFor : nil)
    }

    static let waitingFor = "a peer that has this version"
}

extension DownloadState {
    init(_ state: DownloadActivity) {
        switch state {
        case .fetching, .queued: self = .fetching
        case .waiting, .paused, .failed: self = .waiting
        case .finishing, .checking: self = .finishing
        }
    }
}
