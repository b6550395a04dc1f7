import Content
import Control
import Testing

@testable import Node
@testable import PeerCore

struct FailureTextTests {
    private static let root = FileRoot(digest: .zero, length: 500)
    private static let address = PeerAddress(ipv4: 0x7F00_0001, port: 7001)

    /// Every case with its cause, its exit code and words of its message: what is to be done among them.
    static let cases: [(FetchFailure, ControlFailure.Cause, Int32, [String])] = [
        (.nobody(asked: 3), .notFound, 66, ["nobody has a/b", "3 peers were asked", "p2pctl peers"]),
        (.nobody(asked: 0), .notFound, 66, ["no other peer is active"]),
        (.nobody(asked: 2, banned: 1), .notFound, 66, ["2 peers were asked, 1 banned peer was not", "p2pctl bans"]),
        (.nobody(asked: 0, banned: 3), .notFound, 66, ["a/b: 3 banned peers were not asked"]),
        (.nobody(asked: 2, refusing: 1), .notFound, 66, ["2 peers were asked, 1 refused this peer", "p2pctl verify"]),
        (.nobody(asked: 3, root: .zero), .notFound, 66, ["nobody has root 0000", "check the root", "p2pctl who"]),
        (
            .nobody(asked: 3, unfit: [address]), .notFound, 66,
            ["nobody offers a/b", "127.0.0.1:7001 has it", "`p2pctl files` there"]
        ),
        (.askTimedOut(silent: 2, asked: 5), .timedOut, 124, ["2 of 5 peers did not answer", "--timeout"]),
        (.noManager(reason: "refused"), .timedOut, 124, ["no manager", "(refused)", "p2pctl status"]),
        (.conflict([]), .conflict, 76, ["different versions", "--root"]),
        (.exists(local: root, offered: nil), .exists, 73, ["exists here with other content", "--force"]),
        (.exists(local: root, offered: .empty), .exists, 73, ["the swarm has", "--force"]),
        (.occupied("a pipe"), .occupied, 73, ["in its place is a pipe"]),
        (.integrity(root, liars: [address]), .integrity, 65, ["no honest holder", "127.0.0.1:7001"]),
        (.gone(root, have: 100, length: 7000), .gone, 75, ["100 of 7000 bytes"]),
        (.silent(root, have: 100), .gone, 75, ["100 of 500 bytes", "for too long", "by itself", "p2pctl cancel"]),
        (.gone(root, have: 100), .gone, 75, ["100 of 500 bytes", "by itself", "p2pctl cancel"]),
        (.outdated(root, have: 100, length: 7000), .gone, 75, ["100 of 7000 bytes"]),
        (.outdated(root, have: 100), .gone, 75, ["100 of 500 bytes", "as it was listed", "p2pctl req"]),
        (
            .disk(DiskFailure(message: "write x", code: 5, isOutOfSpace: false)), .disk, 74,
            ["cannot store a/b", "write x"]
        ),
        (.disk(DiskFailure(message: "full", code: 28, isOutOfSpace: true)), .diskFull, 74, ["full"]),
        (.otherVersionKept(root, have: 100), .occupied, 73, ["100 bytes of another version", "p2pctl cancel"]),
        (.cancelled, .cancelled, 130, ["was cancelled"]),
        (.otherVersionRunning(root), .occupied, 73, ["another version", "p2pctl cancel"]),
        (.tooMany(limit: 8), .busy, 69, ["8 requests", "later"]),
        (.noSuchDownload, .noDownload, 66, ["is not being downloaded", "p2pctl downloads"]),
    ]

    @Test("Every failure has its cause and exit code, names the file and says what to do", arguments: cases.indices)
    func tells(_ index: Int) {
        let (failure, cause, exit, words) = Self.cases[index]
        let told = failure.text(for: "a/b")
        #expect(told.cause == cause)
        #expect(told.exit.rawValue == exit)
        #expect(told.message.contains("a/b"))
        for word in words { #expect(told.message.contains(word)) }
        #expect(!told.message.contains("\n"))
    }

    @Test("Who would pause one file of a directory is told what to pause")
    func partOfTree() throws {
        let told = FetchFailure.partOfTree(try ShareName("a")).text(for: "a/b")
        #expect(told.exit == .usage)
        #expect(told.message.contains("a/b is fetched as part of a/") && told.message.contains("`p2pctl pause` of a/"))
    }

    @Test("Of a directory that lacks files the first of them gives the code, also after a restart")
    func incomplete() throws {
        let failure = FetchFailure.exists(local: Self.root, offered: nil)
        let result = TreeResult(
            length: 9, total: 3, fetched: 1, already: 0,
            failed: [
                .init(name: try ShareName("d/x"), failure: failure),
                .init(name: try ShareName("d/y"), failure: .cancelled),
            ],
            failedFiles: 2, failedDirectories: 0)
        let told = FetchFailure.incomplete(result).text(for: DownloadEntry.Kind.tree.shown(try ShareName("d")))
        #expect(told.exit == .exists)
        #expect(told.message.contains("2 of 3 files of d/ are") && told.message.contains("d/x"))
        let later = FetchFailure.recorded(told.message, kind: told.cause.rawValue).text(for: "d")
        #expect(later.exit == .exists)
        #expect(FetchFailure.recorded("x", kind: "unheard of").text(for: "d").exit == .disk)
    }

    @Test("A disk's failure carries the errno")
    func carriesErrno() {
        let failure = FetchFailure.disk(DiskFailure(message: "full", code: 28, isOutOfSpace: true))
        #expect(failure.text(for: "a").errno == 28)
        #expect(FetchFailure.cancelled.text(for: "a").errno == nil)
    }

    @Test("A conflict lists each version with its holders, this peer among them by its own address")
    func listsVersions() {
        let other = PeerAddress(ipv4: 0x0A00_0001, port: 9)
        let version = FileVersion(
            root: Self.root, length: 500, modified: 77,
            holders: [.init(address: other, have: 3), .init(address: nil, have: 3)])
        let told = FetchFailure.conflict([version]).text(for: "a", own: Self.address)
        #expect(
            told.versions == [
                VersionInfo(
                    root: Self.root.digest.hex, length: 500, modified: 77, holders: ["10.0.0.1:9", "127.0.0.1:7001"])
            ])
        #expect(FetchFailure.conflict([version]).text(for: "a").versions?.first?.holders == ["10.0.0.1:9"])
    }
}
