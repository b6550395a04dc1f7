import Testing

@testable import Node

@Suite struct HookSettingsTests {
    private func resolve(_ text: String, _ environment: [String: String] = [:]) throws(DaemonError) -> HookSettings {
        let given = ["P2PD_PORT": "7001", "P2PD_SHARE": "/tmp"].merging(environment) { _, new in new }
        var flags = Flags()
        // The file lives until the settings are resolved.
        guard let file = try? TemporaryFile(text) else { throw DaemonError("no temporary file", exit: .system) }
        flags.set(CommonSettings.configuration, file.path)
        return try PeerSettings.resolve(flags: flags, in: .fixture(given)).hooks
    }

    @Test("a program and its arguments come from the file as they are")
    func commands() throws {
        let hooks = try resolve(
            """
            on_complete = ["/usr/bin/notify", "two words", "a,b", "$HOME", ""]
            on_error = [
                "on-error",
            ]
            hook_seconds = 5
            """)
        #expect(hooks.onComplete == ["/usr/bin/notify", "two words", "a,b", "$HOME", ""])
        #expect(hooks.onError == ["on-error"])
        #expect(hooks.secondsMax == 5)
    }

    @Test("nothing is run unless the file names it: not by default, not for an empty list, not by the environment")
    func none() throws {
        let environment = ["P2PD_ON_COMPLETE": "/bin/true", "P2PD_ON_ERROR": "/bin/true"]
        for text in ["", "on_complete = []\non_error = []"] {
            #expect(try resolve(text, environment) == HookSettings(onComplete: [], onError: [], secondsMax: 60))
        }
    }

    @Test("a command line in one string is refused: nobody would cut it into arguments")
    func string() {
        let error = failure { () throws(DaemonError) in try resolve("on_complete = \"notify -x\"") }
        #expect(error?.message.contains("of type string, where an array of strings belongs") == true)
        #expect(error?.exit == .configuration)
    }

    @Test("an empty program is refused")
    func impossible() {
        let empty = failure { () throws(DaemonError) in try resolve("on_error = [\"\", \"x\"]") }
        #expect(empty?.message.hasSuffix("\"\" is not a program") == true)
    }

    @Test("a hook may run for 1 to 3,600 seconds")
    func seconds() throws {
        #expect(try resolve("hook_seconds = 3600").secondsMax == 3600)
        #expect(try resolve("", ["P2PD_HOOK_SECONDS": "1"]).secondsMax == 1)
        for text in ["0", "3601"] {
            let error = failure { () throws(DaemonError) in try resolve("hook_seconds = \(text)") }
            #expect(error?.message.contains("from 1 to 3600") == true)
        }
    }

    @Test("the help text says that a command is not for the environment")
    func help() {
        #expect(PeerSettings.onComplete.name.help.hasSuffix("(only in the file; default: none)"))
        #expect(PeerSettings.hookSeconds.name.help.hasSuffix("(environment: P2PD_HOOK_SECONDS; default: 60)"))
    }
}
