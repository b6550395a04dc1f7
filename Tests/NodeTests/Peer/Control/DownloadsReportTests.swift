import Content
import Control
import Testing

@testable import Node
@testable import PeerCore

struct DownloadsReportTests {
    private func status(_ state: DownloadActivity) throws -> DownloadStatus {
        DownloadStatus(
            id: DownloadID(rawValue: 1), kind: .file, name: try ShareName("a"),
            root: FileRoot(digest: .zero, length: 10), length: 10,
            since: Moment(nanoseconds: 0), have: 3, received: 0, state: state, priority: 0, prefix: 0,
            activeHolders: 0)
    }

    @Test(
        "What goes on has no cause; what does not says why, and what it waits for",
        arguments: [
            (.queued, .queued, nil, nil), (.fetching, .fetching, nil, nil), (.checking, .checking, nil, nil),
            (.finishing, .finishing, nil, nil), (.waiting, .waiting, "this version", "a peer"),
            (.paused(.user), .paused, "p2pctl resume", "p2pctl resume"),
            (.paused(.space(missing: 2048, needed: 9999)), .paused, "disk is full", "2 KiB"),
            (.paused(.space(missing: 0, needed: 9999)), .paused, "no inode", "free inode"),
            (.failed(.cancelled), .kept, "p2pctl resume", nil),
            (.failed(.occupied("a pipe")), .failed, "in its place is a pipe", nil),
        ] as [(DownloadActivity, DownloadState, String?, String?)])
    func causes(activity: DownloadActivity, state: DownloadState, cause: String?, waitingFor: String?) throws {
        let status = try status(activity)
        #expect(DownloadState(activity) == state)
        #expect((status.cause == nil) == (cause == nil) && (status.waitingFor == nil) == (waitingFor == nil))
        if let cause { #expect(status.cause?.contains(cause) == true) }
        if let waitingFor { #expect(status.waitingFor?.contains(waitingFor) == true) }
    }

    @Test("Only a download that waits for room needs bytes, and not when it is inodes that lack")
    func needs() throws {
        #expect(try status(.paused(.space(missing: 7, needed: 70))).neededBytes == 7)
        #expect(try status(.paused(.space(missing: 0, needed: 70))).neededBytes == nil)
        #expect(try status(.paused(.user)).neededBytes == nil)
        #expect(try status(.waiting).neededBytes == nil)
    }
}
