import Control

/// How a command about several names ends: as the first of them, in the order given, that failed.
struct FirstFailure {
    private var index = Int.max
    private var exit = ExitCode.done

    mutating func note(_ exit: ExitCode, at index: Int) {
        guard exit != .done, index < self.index else { return }
        (self.index, self.exit) = (index, exit)
    }

    /// Ends the program if one failed; it has been told of already.
    func check() throws(ReportedFailure) {
        guard exit == .done else { throw ReportedFailure(exit: exit) }
    }
}
