import Foundation
import Testing

@testable import Node

@Suite struct SampleFilesTests {
    private func sample(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL
        return try String(contentsOf: root.appending(path: "config/\(name)"), encoding: .utf8)
    }

    /// Every `# key = value` without its `# `.
    private func uncommented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.wholeMatch(of: /# ([a-z_]+ = .*)/).map { String($0.1) } ?? String(line)
        }.joined(separator: "\n")
    }

    private func manager(_ text: String) throws -> ManagerSettings {
        let file = try TemporaryFile(text)
        return try ManagerSettings.resolve(flags: Flags(), in: .fixture(["P2PD_CONFIG": file.path]))
    }

    private func peer(_ text: String) throws -> PeerSettings {
        let file = try TemporaryFile(text)
        let environment = ["P2PD_CONFIG": file.path, "P2PD_SHARE": "/tmp", "P2PD_PORT": "7001"]
        return try PeerSettings.resolve(flags: Flags(), in: .fixture(environment, userID: 0, hostName: "reading room"))
    }

    @Test("the manager's sample gives the defaults, both as it is and with every line uncommented")
    func managerSample() throws {
        let text = try sample("manager.toml")
        let defaults = try ManagerSettings.resolve(flags: Flags(), in: .fixture())
        #expect(try manager(text) == defaults)
        #expect(try manager(uncommented(text)) == defaults)
    }

    @Test("the peer's sample gives the defaults of a peer of root on port 7001, as it is and uncommented")
    func peerSample() throws {
        let text = try sample("peer.toml")
        #expect(try peer(text) == peer(""))
        #expect(try peer(uncommented(text)) == peer(""))
    }

    @Test("the samples show every setting there is")
    func complete() throws {
        for (name, settings) in [("manager.toml", ManagerSettings.all), ("peer.toml", PeerSettings.all)] {
            let file = try ConfigurationFile(path: name, text: uncommented(sample(name)), settings: settings)
            for setting in settings { #expect(file.answer(setting) != nil, "\(name) lacks \(setting.key)") }
        }
    }
}
