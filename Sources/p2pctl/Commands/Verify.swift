import ArgumentParser
import Control

/// `p2pctl verify`: hash shared files again.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hash shared files again, and find those whose bytes rotted on the disk.",
        discussion: """
            A file with other bytes than were indexed, though nobody changed it, is rotten: it is not offered any more. \
            Exit codes: 65 if a file is rotten and was not repaired, else 74 if one could not be read or is not there. \
            Ctrl-C ends it.
            """)

    @Argument(help: ArgumentHelp("Files in the share; DIR/ stands for all below it. (default: all)", valueName: "name"))
    var names: [String] = []

    @Flag(help: "Fetch the bad pieces of rotten files, and only those, from other peers. (default: only tell)")
    var repair = false

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        var total = VerifyReply.none
        try options.output.reporting { () throws(ControlFailure) in
            let typed = try names.map { (name) throws(ControlFailure) in try TypedName(name) }
            var display = VerifyDisplay(output: options.output, showsAll: !names.isEmpty)
            var client = try options.connect()
            let interrupt = Interrupt(catching: true)
            // No names at all are one request for every file.
            for start in stride(from: 0, to: max(1, typed.count), by: VerifyParams.maxNames) {
                let params = VerifyParams(names: Array(typed[start...].prefix(VerifyParams.maxNames)), repair: repair)
                do throws(ControlFailure) {
                    let reply = try client.converse(.verify(params), VerifyReply.self, interrupt) {
                        (event) throws(ControlFailure) in try display.show(event)
                    }
                    total = total + reply
                } catch {
                    display.wipe()
                    throw error
                }
            }
            try display.end(total)
        }
        guard total.exit == .done else { throw ReportedFailure(exit: total.exit) }
    }
}

/// How a `verify` shows what it finds: what is not well, and on a terminal how many files were looked at.
private struct VerifyDisplay {
    let output: Output
    /// Also the files that are well.
    let showsAll: Bool
    private var board = BarBoard()
    private var count = 0

    init(output: Output, showsAll: Bool) {
        self.output = output
        self.showsAll = showsAll
    }

    mutating func show(_ event: ControlEvent) throws(ControlFailure) {
        guard case .verified(let file) = event else { return }
        count += 1
        if output.json { return try output.show(json: EventLine(event: event.kind.rawValue, fields: file)) }
        if showsAll || file.result != .ok {
            wipe()
            try output.show([VerifyText.file(file)])
        }
        if Terminal.canRedraw(besides: output.descriptor) { board.draw(["verified \(count)"]) }
    }

    mutating func wipe() { board.draw([]) }

    mutating func end(_ reply: VerifyReply) throws(ControlFailure) {
        wipe()
        if output.json {
            try output.show(json: EventLine(event: "done", fields: reply))
        } else {
            try output.show(VerifyText.summary(reply))
        }
    }
}
