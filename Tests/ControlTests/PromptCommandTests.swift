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
        ] as [(String, PromptCommand)])
    func commands(line: String, command: PromptCommand) {
        #expect(PromptCommand(line: line) == command)
    }

    @Test(
        "A command that cannot be right is answered, not obeyed",
        arguments: ["req", "cancel  ", "left now", "REQ x", "x\u{1b}"])
    func mistakes(line: String) {
        guard case .mistake(let message) = PromptCommand(line: line) else {
            Issue.record("\(line) was obeyed")
            return
        }
        #expect(!message.unicodeScalars.contains("\u{1b}"))
    }
}
