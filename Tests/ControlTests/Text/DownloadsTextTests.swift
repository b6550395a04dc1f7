import Testing

@testable import Control

@Suite struct DownloadsTextTests {
    @Test("Each download is a line with what it does, how far it is, and why it does not go on")
    func lines() {
        let reply = DownloadsReply(downloads: [
            .init(
                id: 1, name: "a.bin", root: "00", length: 4 << 20, have: 1 << 20, state: .fetching,
                bytesPerSecond: 1024, holders: [HolderBytes(address: "a:1", bytes: 1)]),
            .init(
                id: 2, kind: .tree, name: "d", root: nil, length: nil, have: 0, state: .paused, cause: "no room",
                needs: 1024, bytesPerSecond: 0, priority: -5, holders: [HolderBytes(address: "a:1", bytes: 1)],
                hook: "it hung\u{1b}"),
        ])
        #expect(
            DownloadsText.lines(reply) == [
                "STATE      HAVE     OF     RATE  SENDERS  PRIORITY  NAME",
                "fetching  1 MiB  4 MiB  1 KiB/s        1         0  a.bin",
                "paused      0 B      -    0 B/s        0        -5  "
                    + "d/  (no room; 1 KiB more must be free; hook: it hung\\u{1b})",
            ])
    }

    @Test("Nothing to list is said in words")
    func empty() {
        #expect(DownloadsText.lines(DownloadsReply(downloads: [])) == ["no downloads"])
        #expect(DownloadsText.counts(DownloadCounts([])) == "none")
        #expect(DownloadsText.counts(DownloadCounts([.asking, .failed, .checking])) == "2 running, 1 failed")
    }
}
