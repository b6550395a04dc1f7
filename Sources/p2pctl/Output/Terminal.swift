import Control
import Glibc

/// What leaves the program: results on standard output, complaints and progress bars on standard error.
enum Terminal {
    private static let defaultColumns = 80
    private static let defaultRows = 24

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether bars may be redrawn in place: standard error, and where the lines go, are a terminal that understands how.
    static func canRedraw(besides descriptor: Int32) -> Bool {
        guard isTerminal(descriptor), isTerminal(STDERR_FILENO) else { return false }
        return getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    /// Of standard error.
    static var columns: Int { size.columns }

    /// Of standard error.
    static var rows: Int { size.rows }

    private static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (defaultColumns, defaultRows)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    static func show(_ lines: [String], on descriptor: Int32 = STDOUT_FILENO) throws(ControlFailure) {
        try write(lines.flatMap { Array(($0 + "\n").utf8) }, to: descriptor)
    }

    static func show(json value: some Encodable, on descriptor: Int32 = STDOUT_FILENO) throws(ControlFailure) {
        try write(ControlLine.json(value), to: descriptor)
    }

    /// Leaves the cursor behind `question`.
    static func prompt(_ question: String) {
        try? write(Array(question.utf8), to: STDOUT_FILENO)
    }

    /// Puts characters on standard error as they are.
    static func draw(_ text: String) {
        try? write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// The first line says who speaks; there is nobody to tell when even this fails.
    static func complain(_ lines: [String]) {
        let text = "p2pctl: " + lines.joined(separator: "\n") + "\n"
        try? write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// - Throws: when the output cannot take it; a reader that has seen enough (EPIPE) is no failure.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(ControlFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                return
            } else if errno != EINTR {
                let code = errno
                let cause: ControlFailure.Cause = code == ENOSPC ? .diskFull : .disk
                throw ControlFailure(cause, "write the output: \(String(cString: strerror(code)))", errno: code)
            }
        }
    }
}
