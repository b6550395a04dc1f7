import Testing

@testable import Control

@Suite struct ExitCodeTests {
    @Test("The codes are those that are documented, and no others")
    func codes() {
        #expect(ExitCode.allCases.map(\.rawValue) == [0, 64, 65, 66, 69, 73, 74, 75, 76, 124, 130, 141])
    }

    @Test("The table has a line for each code that begins with it")
    func table() {
        let lines = ExitCode.table.split(separator: "\n")
        #expect(lines.count == ExitCode.allCases.count)
        for (line, code) in zip(lines, ExitCode.allCases) {
            #expect(line.split(separator: " ").first.map(String.init) == "\(code.rawValue)")
            #expect(line.hasSuffix(code.meaning))
        }
    }

    @Test("No cause of failure ends with 0")
    func failuresFail() {
        for cause in ControlFailure.Cause.allCases { #expect(cause.exit != .done) }
    }
}
