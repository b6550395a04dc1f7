import Testing

@testable import Node

@Suite struct LayersTests {
    private func level(flag: String?, variable: String?, file: String?) throws -> String {
        let text = try TemporaryFile(file.map { "log_level = \"\($0)\"" } ?? "")
        var flags = Flags()
        flags.set(CommonSettings.logLevel, flag)
        flags.set(CommonSettings.configuration, text.path)
        let environment = variable.map { ["P2PD_LOG_LEVEL": $0] } ?? [:]
        return try ManagerSettings.resolve(flags: flags, in: .fixture(environment)).logLevel.rawValue
    }

    @Test("a flag beats the environment, which beats the file, which beats the default")
    func precedence() throws {
        #expect(try level(flag: "trace", variable: "debug", file: "error") == "trace")
        #expect(try level(flag: nil, variable: "debug", file: "error") == "debug")
        #expect(try level(flag: nil, variable: nil, file: "error") == "error")
        #expect(try level(flag: nil, variable: nil, file: nil) == "info")
    }

    @Test("an empty variable counts as not set")
    func emptyVariable() throws {
        #expect(try level(flag: nil, variable: "", file: "error") == "error")
    }

    @Test("the environment can name the file, and a flag another one instead")
    func fileFromTheEnvironment() throws {
        let one = try TemporaryFile("max_peers = 1")
        let two = try TemporaryFile("max_peers = 2")
        let surroundings = Surroundings.fixture(["P2PD_CONFIG": one.path])
        #expect(try ManagerSettings.resolve(flags: Flags(), in: surroundings).maxPeers == 1)
        var flags = Flags()
        flags.set(CommonSettings.configuration, two.path)
        #expect(try ManagerSettings.resolve(flags: flags, in: surroundings).maxPeers == 2)
    }

    @Test("an error names where the value was given, and its exit code whose fault it is")
    func origins() throws {
        var flags = Flags()
        flags.set(CommonSettings.logLevel, "chatty")
        let flag = failure { () throws(DaemonError) in try ManagerSettings.resolve(flags: flags, in: .fixture()) }
        #expect(flag?.message.hasPrefix("--log-level: \"chatty\" is not a log level; use one of trace, debug,") == true)
        #expect(flag?.exit == .usage)

        let surroundings = Surroundings.fixture(["P2PD_LOG_LEVEL": "chatty"])
        let variable = failure { () throws(DaemonError) in
            try ManagerSettings.resolve(flags: Flags(), in: surroundings)
        }
        #expect(variable?.message.hasPrefix("P2PD_LOG_LEVEL in the environment: \"chatty\"") == true)
        #expect(variable?.exit == .configuration)

        let file = try TemporaryFile("# one\n\nlog_level = 'chatty'\n")
        let inFile = failure { () throws(DaemonError) in
            try ManagerSettings.resolve(flags: Flags(), in: .fixture(["P2PD_CONFIG": file.path]))
        }
        #expect(inFile?.message.hasPrefix("log_level in \(file.path) line 3: \"chatty\"") == true)
        #expect(inFile?.exit == .configuration)
    }

    @Test("what an error repeats of a value cannot act on a terminal")
    func hostileValue() {
        let surroundings = Surroundings.fixture(["P2PD_LOG_LEVEL": "\u{1B}[2J\n"])
        let error = failure { () throws(DaemonError) in
            try ManagerSettings.resolve(flags: Flags(), in: surroundings)
        }
        #expect(error?.message.contains("\"\\u{1b}[2J\\n\"") == true)
    }
}
