import Foundation
import Testing

extension EndToEnd {
    /// A holder behind a link of a kibibyte a second. How much time it costs is for Scripts/bench to say.
    @Suite(
        .serialized,
        .enabled(
            if: SlowNetwork.obstacle == nil,
            "needs network namespaces and tbf: \(SlowNetwork.obstacle ?? "they are there")"))
    struct SlowHolderTests {
        @Test(
            "Beside three good holders a slow one is left with next to nothing, and the download does not wait for it")
        func slow() throws {
            let network = try SlowNetwork(bitsPerSecond: 8192)
            defer { network.remove() }
            try Swarm.run(host: network.outside, settings: ["insecure = true"]) { swarm in
                let length = 32 * mebibyte + 5
                let fill = { (share: String) in try TestFile.write(share + "/a.bin", length: length) }
                for _ in 0..<3 {
                    let good = try swarm.addPeer(arguments: ["--insecure", "--max-upload", "4M"], fill: fill)
                    try good.awaitFiles("a.bin")
                }
                let slow = try swarm.addPeer(inside: network, arguments: ["--insecure"], fill: fill)
                try slow.awaitFiles("a.bin")
                let fetcher = try swarm.addPeer(arguments: ["--insecure"])
                try fetcher.awaitRoster(of: swarm.peers)
                let begin = now()
                let reply = fetcher.ctl("req", "a.bin", "--json", within: 120)
                let seconds = now() - begin
                #expect(reply.code == 0, "\(reply)")
                #expect(TestFile.sameBytes(fetcher.path("a.bin"), slow.path("a.bin")))
                // It was a holder like the others, and its quarter would have taken it more than two hours.
                let found = reply.event("found")?["holders"].array.compactMap(\.string) ?? []
                #expect(found.contains(slow.address.description))
                #expect(seconds < 60, "\(seconds) s")
                let bytes = reply.event("done")?["holders"].array.filter {
                    $0["address"].string == slow.address.description
                }
                #expect(bytes?.first?["bytes"].int ?? 0 <= mebibyte)
            }
        }
    }
}
