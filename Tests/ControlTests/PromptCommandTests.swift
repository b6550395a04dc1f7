import Testing

@testable import Control

@Suite struct PromptCommandTests {
    @Test(
        "A line is read as the command it names, with the rest of the line as the file's name",
        arguments: [
            ("", .nothing), ("   ", .nothing), ("\t", .nothing), ("req a", .req(name: "a")),
            ("  req   models/a b  c.bin  ", .req(name: "models/a b  c.bin")), ("req \u{301}x", .req(name: "\u{301}x")),
            ("req x\r", .req(name: "x")), ("left_peer", .left), ("left", .left), ("left \r", .left), ("help", .help),
            ("?", .help), ("help req", .help), ("status", .status), ("peers", .peers), ("files", .files),
            ("downloads", .downloads), ("cancel a b", .cancel(name: "a b")), ("quit", .quit), ("exit", .quit),
            ("req a b/", .req(name: "a b/")), ("who a b", .who(name: "a b")), ("pause a", .pause(name: "a")),
            ("resume a", .resume(name: "a")), ("bans", .bans),
        ] as [(String, PromptCommand)])
    func commands(line: String, command: PromptCommand) {
        #expect(PromptCommand(line: line) == command)
    }

    @Test(
        "A command that cannot be right is answered, not obeyed",
        arguments: ["req", "cancel  ", "who", "pause", "resume ", "bans x", "left now", "REQ x", "x\u{1b}"])
    func mistakes(line: String) {
        guard case .mistake(let message) = PromptCommand(line: line) else {
            Issue.record("\(line) was obeyed")
            return
        }
        #expect(!message.unicodeScalars.contains("\u{1b}"))
    }

    @Test("Every command that the list shows is one")
    func table() {
        for line in PromptCommand.table.lines {
            let words = line.split(separator: " ")
            let takesName = words.count > 1 && words[1] == "FILE"
            if case .mistake(let message) = PromptCommand(line: "\(words[0])" + (takesName ? " x" : "")) {
                Issue.record("\(message)")
            }
        }
    }
}
