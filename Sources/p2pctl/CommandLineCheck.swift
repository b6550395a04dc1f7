import Control

/// What would be read as something else than it was meant for, before a command reads its words.
enum CommandLineCheck {
    /// - Throws: `usage` for words that are no text, and for one dash with letters behind it. No option is written so; it
    ///   would pass for several short ones, and with an `h` among them for a wish for help.
    static func run() throws(ControlFailure) {
        for position in 1..<max(1, Int(CommandLine.argc)) {
            guard let word = CommandLine.unsafeArgv[position] else { break }
            guard String(validatingCString: word) != nil else {
                throw ControlFailure(.usage, "word \(position) behind p2pctl is not valid UTF-8, as names have to be")
            }
        }
        let options = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
        guard let word = options.first(where: isDashed) else { return }
        let command = options.first { Help.names.contains($0) } ?? "COMMAND"
        throw ControlFailure(
            .usage,
            "there is no option \(ShellText.quote(word)); a name that begins with a dash goes behind all options and --: "
                + "p2pctl \(command) \(ShellText.argument(word))")
    }

    /// Numbers below 0 are none of them, nor is -h.
    private static func isDashed(_ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && word != "-h" && word != "-" && Int(word) == nil
    }
}
