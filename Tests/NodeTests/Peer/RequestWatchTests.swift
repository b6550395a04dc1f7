import Content
import Control
import Reactor
import Testing

@testable import Node
@testable import PeerCore

struct RequestWatchTests {
    private let first = ControlClientID(token: Token(slot: 1, generation: 1))
    private let second = ControlClientID(token: Token(slot: 2, generation: 1))
    private let name: ShareName

    init() throws {
        name = try ShareName("a/b")
    }

    private func watcher(
        _ client: ControlClientID, _ id: ControlID, _ purpose: RequestWatch.Purpose = .fetch(isStreaming: false)
    ) -> RequestWatch.Watcher {
        RequestWatch.Watcher(client: client, id: id, name: name, purpose: purpose)
    }

    private func status(
        have: UInt64, came: UInt64? = nil, state: DownloadActivity = .fetching, since: UInt64 = 0, prefix: UInt64 = 0
    ) -> DownloadStatus {
        DownloadStatus(
            id: DownloadID(rawValue: 5), kind: .file, name: name, root: FileRoot(digest: .zero, length: 1000),
            length: 1000,
            since: Moment(nanoseconds: since), have: have, received: came ?? have, state: state, priority: 0,
            prefix: prefix, activeHolders: 2)
    }

    private func progress(_ notification: ControlNotification?) throws -> ProgressEvent {
        guard case .progress(let event) = try #require(notification).event else { throw ControlFailure(.usage, "") }
        return event
    }

    @Test("A request's answer goes to whoever asked, once")
    func answersOnce() {
        var watch = RequestWatch()
        #expect(watch.isEmpty)
        let request = watch.add(watcher(first, .number(7)))
        #expect(watch[request]?.client == first)
        #expect(watch.remove(request)?.id == .number(7))
        #expect(watch.remove(request) == nil && watch.isEmpty)
    }

    @Test("Requests are told apart even when clients call them alike")
    func tellsApart() {
        var watch = RequestWatch()
        let one = watch.add(watcher(first, .number(1)))
        let two = watch.add(watcher(second, .number(1)))
        #expect(one != two)
        #expect(watch.remove(one)?.client == first)
        #expect(watch.remove(two)?.client == second)
    }

    @Test("A client that is gone is told nothing more, the others are")
    func forgets() {
        var watch = RequestWatch()
        let gone = watch.add(watcher(first, .number(1)))
        let there = watch.add(watcher(second, .number(1)))
        watch.forget(first)
        #expect(watch[gone] == nil && watch[there] != nil)
        #expect(
            watch.progress(of: [], at: 1) { _ in
                nil
            } place: { _ in
                nil
            }.map(\.0) == [second])
    }

    @Test("Before there is a download, a request is asking; later it is as far as its download")
    func tellsProgress() throws {
        var watch = RequestWatch()
        _ = watch.add(watcher(first, .text("x")))
        let asking = try progress(
            watch.progress(of: [], at: 1) { _ in
                nil
            } place: { _ in
                nil
            }.first?.1)
        #expect(asking.state == .asking && asking.name == "a/b" && asking.length == 0)

        let status = status(have: 250)
        let fetching = try progress(
            watch.progress(of: [status], at: 1_000_000_000) { _ in
                status
            } place: { _ in
                nil
            }.first?.1)
        #expect(fetching.state == .fetching && fetching.have == 250 && fetching.length == 1000)
        #expect(fetching.holders == 2 && fetching.waitingFor == nil)

        let waiting = self.status(have: 250, state: .waiting)
        let told = try progress(
            watch.progress(of: [waiting], at: 2_000_000_000) { _ in
                waiting
            } place: { _ in
                nil
            }.first?.1)
        #expect(told.state == .waiting && told.waitingFor == "a peer that has this version")
        #expect(fetching.bytesPerSecond > 0 && told.bytesPerSecond == 0)
    }

    @Test("What was here before the daemon began has not come at any rate")
    func doesNotCountWhatWasHere() {
        var watch = RequestWatch()
        _ = watch.progress(of: [status(have: 900, came: 100)], at: 1_000_000_000) { _ in
            nil
        } place: { _ in
            nil
        }
        #expect(watch.bytesPerSecond(DownloadID(rawValue: 5)) == 100)
    }

    @Test("At first a rate is that of all that came, so that a burst at the beginning soon counts for little")
    func beginsWithAll() {
        var watch = RequestWatch()
        for tenths in 1...15 as ClosedRange<UInt64> {
            _ = watch.progress(of: [status(have: 300 + tenths * 10)], at: tenths * 100_000_000) { _ in
                nil
            } place: { _ in
                nil
            }
        }
        #expect(abs(watch.bytesPerSecond(DownloadID(rawValue: 5)) - 300) < 0.001)
    }

    @Test("The rate is bytes a second, smoothed, and never that of going backwards")
    func measuresRate() {
        var watch = RequestWatch()
        let second: UInt64 = 1_000_000_000
        _ = watch.progress(of: [status(have: 100)], at: second) { _ in
            nil
        } place: { _ in
            nil
        }
        #expect(watch.bytesPerSecond(DownloadID(rawValue: 5)) == 100)
        _ = watch.progress(of: [status(have: 300)], at: 2 * second) { _ in
            nil
        } place: { _ in
            nil
        }
        #expect(abs(watch.bytesPerSecond(DownloadID(rawValue: 5)) - 400.0 / 3) < 0.001)
        _ = watch.progress(of: [status(have: 200)], at: 3 * second) { _ in
            nil
        } place: { _ in
            nil
        }
        #expect(abs(watch.bytesPerSecond(DownloadID(rawValue: 5)) - 800.0 / 9) < 0.001)
        // The same instant twice is no division by zero, and an ended download is forgotten.
        _ = watch.progress(of: [status(have: 900)], at: 3 * second) { _ in
            nil
        } place: { _ in
            nil
        }
        #expect(watch.bytesPerSecond(DownloadID(rawValue: 5)).isFinite)
        _ = watch.progress(of: [], at: 4 * second) { _ in
            nil
        } place: { _ in
            nil
        }
        #expect(watch.bytesPerSecond(DownloadID(rawValue: 5)) == 0)
    }

    @Test(
        "A client that reads the file while it comes is told where, and how far, each time it is further or sealed anew"
    )
    func tellsReady() throws {
        var watch = RequestWatch()
        let told = { (watch: inout RequestWatch, prefix: UInt64, path: String?, seal: Int64) -> [ReadyEvent] in
            let status = status(have: 500, prefix: prefix)
            return watch.progress(of: [status], at: 1) { _ in
                status
            } place: { _ in
                path.map { ($0, seal) }
            }.compactMap { _, notification in
                if case .ready(let event) = notification.event { event } else { nil }
            }
        }
        _ = watch.add(watcher(first, .number(1), .fetch(isStreaming: true)))
        _ = watch.add(watcher(second, .number(2)))
        #expect(told(&watch, 0, "/p", 7).isEmpty)
        #expect(told(&watch, 100, nil, 7).isEmpty)
        #expect(told(&watch, 100, "/p", 7) == [ReadyEvent(path: "/p", bytes: 100, seal: 7)])
        #expect(told(&watch, 100, "/p", 7).isEmpty)
        #expect(told(&watch, 300, "/p", 7) == [ReadyEvent(path: "/p", bytes: 300, seal: 7)])
        // Somebody has written to it: nothing is believed, then what is proved.
        #expect(told(&watch, 0, "/p", 8).isEmpty)
        #expect(told(&watch, 200, "/p", 8) == [ReadyEvent(path: "/p", bytes: 200, seal: 8)])
    }

    @Test("Requests that are no download's are told of no progress")
    func tellsOnlyFetches() {
        var watch = RequestWatch()
        for purpose in [.cancel, .choose(["a/b"]), .prioritize(1), .survey, .lift(.all)] as [RequestWatch.Purpose] {
            _ = watch.add(watcher(first, .number(1), purpose))
        }
        #expect(
            watch.progress(of: [], at: 1) { _ in
                nil
            } place: { _ in
                nil
            }.isEmpty)
    }
}
