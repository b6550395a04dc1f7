import Glibc

/// Says which seed ran when a machine trapped: the program is gone with it.
enum CrashReport {
    private static let signals = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]
    private static let capacity = 1024
    /// What the handler writes: it may allocate nothing.
    nonisolated(unsafe) private static let line = UnsafeMutableRawBufferPointer.allocate(
        byteCount: capacity, alignment: 1)
    nonisolated(unsafe) private static var length = 0

    /// - Parameter command: what runs the scenario again that begins now.
    static func prepare(_ command: String) {
        if length == 0 { listen() }
        let text = Array("\nFAILED: a trap\n  \(command)\n  revision \(FailureReport.revision)\n".utf8.prefix(capacity))
        line.copyBytes(from: text)
        length = text.count
    }

    private static func listen() {
        for signal in signals {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in
                _ = write(STDERR_FILENO, CrashReport.line.baseAddress, CrashReport.length)
            }
            // After it the signal does what it always does.
            action.sa_flags = Int32(bitPattern: SA_RESETHAND)
            sigaction(signal, &action, nil)
        }
    }
}
