import ArgumentParser
import Content
import Control

/// What `req` takes to choose among versions, and about a file that is here.
struct VersionOptions: ParsableArguments {
    enum Choice: String, EnumerableFlag {
        case newest
        case mostHeld

        static func help(for value: Choice) -> ArgumentHelp? {
            switch value {
            case .newest:
                "Of several versions take the one that was modified last. (default: fetch none, and list them)"
            case .mostHeld: "Of several versions take the one that most peers have; among equals the newest."
            }
        }
    }

    @Option(
        help: ArgumentHelp(
            "The version to fetch: its root, 64 hexadecimal digits, as who and files --json show it. It is fetched under "
                + "whatever name its holders have it (a directory: under NAME only), and put into the share as NAME. For "
                + "one NAME. (default: the only one there is)", valueName: "hex"))
    var root: String?

    @Flag var choose: Choice?

    @Flag(help: "Replace a file of that name with other content, and one at --output. (default: leave it, and fail)")
    var force = false

    @Flag(
        help: """
            Do not keep what --force replaces, in the share or at --output. (default: it is kept as NAME.~1~ and so on, \
            not shared)
            """)
    var noBackup = false

    var choice: ReqParams.Choice {
        switch choose {
        case nil: .only
        case .newest: .newest
        case .mostHeld: .mostHeld
        }
    }

    /// - Throws: what of it cannot be.
    func digest(of names: [String]) throws(ControlFailure) -> Digest? {
        guard let root else { return nil }
        guard names.count == 1 else {
            throw ControlFailure(
                .usage, "--root names one version, and these are \(names.count) names for it: name one")
        }
        guard choose == nil else {
            throw ControlFailure(.usage, "--root names the version; --newest and --most-held have nothing to choose")
        }
        guard let digest = Digest(hex: root) else {
            throw ControlFailure(
                .usage, "--root \(root): must be 64 hexadecimal digits; these are \(root.utf8.count) bytes of text")
        }
        return digest
    }
}

/// Where `req` puts a file beside the share.
struct PlaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "When the file is in the share, copy it to this path too, which must not be there without --force. For one "
                + "file. (default: only in the share)", valueName: "path"),
        completion: .file())
    var output: String?

    @Flag(
        help: """
            Write the file's bytes to standard output too, in order, while they come; all else goes to standard error. \
            For one file. When the reader goes away, p2pctl ends with 141 and the download goes on. (default: only in \
            the share)
            """)
    var stdout = false

    /// Where the bytes go beside the share.
    enum Target {
        case share
        case file(OutputFile)
        case standardOutput
    }

    /// - Throws: what of it cannot be, before anything is fetched.
    func target(
        of names: [TypedName], force: Bool, backup: Bool, sync: Bool, background: Bool
    ) throws(ControlFailure) -> Target {
        guard output != nil || stdout else { return .share }
        let option = stdout ? "--stdout" : "--output"
        guard output == nil || !stdout else {
            throw ControlFailure(.usage, "--output and --stdout: choose one of them")
        }
        guard names.count == 1, !names[0].isTree else {
            throw ControlFailure(.usage, "\(option) is for one file; name one, without a / at its end")
        }
        guard !background else {
            throw ControlFailure(.usage, "\(option) needs the file, so p2pctl must wait for it: leave out --background")
        }
        guard let output else {
            try StreamOutput.check()
            return .standardOutput
        }
        guard !output.isEmpty, output != "-" else {
            throw ControlFailure(
                .usage, "--output \"\(output)\": must be a path; for standard output there is --stdout")
        }
        return .file(try OutputFile(path: output, force: force, backup: backup, sync: sync))
    }
}

/// How `req` fetches, and how long p2pctl stays.
struct WayOptions: ParsableArguments {
    enum Patience: String, EnumerableFlag {
        case wait
        case background

        static func help(for value: Patience) -> ArgumentHelp? {
            switch value {
            case .wait: "Return when it is in the share."
            case .background: "Return as soon as the daemon has taken the request; p2pctl wait NAME waits for it later."
            }
        }
    }

    @Flag var patience = Patience.wait

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Place in the daemon's queue, -100 to 100, higher first; equals in the order of asking. (default: 0)",
            valueName: "number"))
    var priority: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Give up after so long without an answer or a byte. (default: 30)", valueName: "seconds"))
    var timeout: String?

    @Flag(help: "Do not wait for the disk, for data that may be lost when the power fails. (default: wait)")
    var noSync = false

    func seconds() throws(ControlFailure) -> Double? {
        guard let timeout else { return nil }
        let limit = ReqParams.maxTimeoutSeconds
        guard let seconds = Double(timeout), seconds > 0, seconds <= limit else {
            throw ControlFailure(
                .usage, "--timeout \(timeout): must be a number of seconds, more than 0 and at most \(Int(limit))")
        }
        return seconds
    }

    func checkedPriority() throws(ControlFailure) -> Int {
        try priority.map { (text) throws(ControlFailure) in try WayOptions.priority(text, of: "--priority") } ?? 0
    }

    /// - Parameter place: what gave the text, for the message.
    static func priority(_ text: String, of place: String) throws(ControlFailure) -> Int {
        let range = ReqParams.priorities
        guard let number = Int(text), range.contains(number) else {
            throw ControlFailure(
                .usage,
                "\(place) \(text): must be a whole number from \(range.lowerBound) to \(range.upperBound), higher first"
            )
        }
        return number
    }
}
