import Content

/// What the peer can tell about itself, for people and programs that ask.
extension PeerMachine {
    public enum ManagerState: Sendable {
        case joined
        case connecting
        /// Pausing before it tries again.
        case waiting
    }

    public var managerState: ManagerState {
        switch link.state {
        case .waiting, .ended: .waiting
        case .dialing, .greeting, .introducing: .connecting
        case .joined: .joined
        }
    }

    /// Which of the configured managers is in use or tried now.
    public var managerIndex: Int { link.index }
    public var managerError: String? { link.lastError }
    public var currentRoster: Roster { roster }
    public var offered: Catalog { catalog }
    public var sessionCount: Int { sessions.count }

    /// A download as it stands.
    public struct DownloadStatus: Sendable {
        public enum State: Sendable {
            case fetching
            /// No holder is left.
            case waiting
            /// Being synced and renamed.
            case finishing
        }

        public let id: DownloadID
        public let name: ShareName
        public let root: FileRoot
        /// Bytes verified and written.
        public let have: UInt64
        public let state: State
        public let holders: [HolderBytes]
        /// Holders that send now.
        public let activeHolders: Int
    }

    /// In the order in which they began.
    public var downloadStatuses: [DownloadStatus] {
        downloads.values.sorted { $0.id.rawValue < $1.id.rawValue }.map { status($0) }
    }

    /// The download that a request waits for.
    public func downloadStatus(of request: RequestID) -> DownloadStatus? {
        guard case .fetching(let id) = requests[request]?.state else { return nil }
        return downloads[id].map { status($0) }
    }

    private func status(_ download: Download) -> DownloadStatus {
        let active = download.lanes.count
        let state: DownloadStatus.State = download.isFinishing ? .finishing : active == 0 ? .waiting : .fetching
        return DownloadStatus(
            id: download.id, name: download.name, root: download.root, have: download.have, state: state,
            holders: download.holderBytes, activeHolders: active)
    }
}
