import Testing

@testable import Node

@Suite struct SettingTests {
    @Test("all names of a setting derive from its key")
    func names() {
        #expect(CommonSettings.logLevel.name.flag == "--log-level")
        #expect(CommonSettings.logLevel.name.variable == "P2PD_LOG_LEVEL")
        #expect(PeerSettings.port.name.flag == "PORT")
        #expect(ManagerSettings.all.last?.flag == nil)
    }

    @Test("no two settings of a daemon have one key")
    func distinct() {
        for all in [ManagerSettings.all, PeerSettings.all] {
            #expect(Set(all.map(\.key)).count == all.count)
        }
    }

    @Test("every help text names the variable and the default")
    func help() {
        #expect(ManagerSettings.listen.name.help.hasSuffix("(environment: P2PD_LISTEN; default: 127.0.0.1:60505)"))
        #expect(PeerSettings.port.name.help.hasSuffix("(environment: P2PD_PORT; required)"))
    }

    @Test("truth has several spellings, and nothing else is one", arguments: ["true", "TRUE", "yes", "on", "1"])
    func toggles(text: String) throws {
        #expect(try SettingText.toggle(text))
        #expect(throws: SettingProblem(text + "?", "is neither true nor false")) { try SettingText.toggle(text + "?") }
    }
}
