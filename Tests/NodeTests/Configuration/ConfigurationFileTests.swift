import Testing

@testable import Node

@Suite struct ConfigurationFileTests {
    private func error(_ text: String, _ settings: [SettingName] = PeerSettings.all) -> DaemonError? {
        failure { () throws(DaemonError) in
            try ConfigurationFile(path: "/etc/p2pd/peer.toml", text: text, settings: settings)
        }
    }

    @Test("an unknown key is named with its line and the nearest known key")
    func unknownKey() {
        let error = error("port = 7001\n\nlog_levl = \"info\"\n")
        #expect(
            error?.message.hasPrefix(
                "/etc/p2pd/peer.toml line 3: there is no setting \"log_levl\"; did you mean \"log_level\"?") == true)
        #expect(error?.exit == .configuration)
    }

    @Test("of several mistakes the first in the file is named")
    func firstMistake() {
        #expect(error("zzz = 1\naaa = 2\n")?.message.contains("line 1: there is no setting \"zzz\"") == true)
    }

    @Test("a table is an unknown key, with the line of its header")
    func table() {
        #expect(error("port = 1\n[peer]\nshare = 'x'\n")?.message.contains("line 2: there is no setting") == true)
    }

    @Test(
        "a value of another type is named with its line, its type and what belongs there",
        arguments: [
            ("port = '7001'", "the value is of type string, where a whole number without quotes belongs"),
            ("port = 7001.0", "the value is of type floating-point number, where a whole number"),
            ("insecure = 1", "the value is of type integer, where true or false without quotes belongs"),
            ("share = 1979-05-27", "the value is of type date, where a string in quotes belongs"),
            ("share = []", "the value is of type array, where a string in quotes belongs"),
            ("manager = ['a:1', 2]", "the value is of type array, where an array of strings belongs"),
            ("manager = 60505", "the value is of type integer, where an array of strings belongs"),
            ("label.x = 'y'", "the value is of type table, where a string in quotes belongs"),
        ])
    func wrongType(text: String, words: String) {
        let message = error("\n" + text)?.message
        #expect(message?.contains("/etc/p2pd/peer.toml line 2: \(words)") == true, "\(message ?? "no error")")
    }

    @Test("a syntax error gives file, line and column")
    func syntax() {
        let error = error("port = 7001\nshare = = 'x'\n")
        #expect(
            error?.message.hasPrefix("/etc/p2pd/peer.toml line 2 column 9: ") == true, "\(String(describing: error))")
        #expect(error?.exit == .configuration)
    }

    @Test(
        "a bracket that no table's name follows is a syntax error with its line, and not the end of the program",
        arguments: ["[=]", "[", "[\n]", "[[!x]]", "[[[x]]]", "[ \u{1}]", "  [\u{E9}]", "[]", "[,"])
    func namelessTable(text: String) {
        let message = error("port = 7001 # [\nmanager = [\n['a']]\n" + text)?.message
        #expect(message == "/etc/p2pd/peer.toml line 4: behind [ belongs the name of a table")
        #expect(error("\u{FEFF}" + text)?.message.contains("line 1: behind [") == true)
    }

    @Test("brackets that do not match are a syntax error with the line, and not the end of the program")
    func mismatchedBrackets() {
        #expect(error("port = 1\nmanager = [\n}\n")?.message == "/etc/p2pd/peer.toml line 3: a } where a ] belongs")
        #expect(error("manager = ['a', {]}]\n")?.message == "/etc/p2pd/peer.toml line 1: a ] where a } belongs")
        #expect(error("manager = ['}']\nlabel = '[}' # {]\n") == nil)
    }

    @Test("a key given twice is a syntax error")
    func duplicate() {
        #expect(self.error("port = 1\nport = 2\n")?.message.contains("line 2") == true)
    }

    @Test("a list may be one string or an array of strings")
    func lists() throws {
        for text in ["manager = 'a:1'", "manager = ['a:1']", "manager = [\n 'a:1', # one\n]"] {
            let file = try ConfigurationFile(path: "f", text: text, settings: PeerSettings.all)
            #expect(file.answer(PeerSettings.manager.name)?.texts == ["a:1"])
        }
    }

    @Test("a file that is not there, is a directory or is not text is an error that names it")
    func unreadable() throws {
        let noText = try TemporaryFile("port = 1 # \0\n")
        for path in ["/nonexistent/peer.toml", "/", noText.path] {
            let error = failure { () throws(DaemonError) in
                try ConfigurationFile(path: path, settings: PeerSettings.all)
            }
            #expect(error?.message.hasPrefix("cannot read the settings in \(path): ") == true)
            #expect(error?.exit == .configuration)
        }
    }
}
