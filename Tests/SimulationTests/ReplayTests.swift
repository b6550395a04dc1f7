import Foundation
import Testing

/// Runs the program that is built beside the tests: only in a process of its own is the order of sets the same twice.
@Suite struct ReplayTests {
    private func p2psim(_ arguments: [String]) throws -> String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("p2psim")
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    @Test("A seed goes the same way in every process, and another one another way")
    func replays() throws {
        let arguments = ["--peers", "4", "--faulty-seconds", "10", "--seed"]
        let (first, again) = (try p2psim(arguments + ["11"]), try p2psim(arguments + ["11"]))
        let other = try p2psim(arguments + ["12"])
        #expect(first.contains("trace ") && first == again && first != other)
    }

    @Test("Two runs in one process are compared, and a few seeds keep every rule")
    func twice() throws {
        let output = try p2psim(["--count", "4", "--twice-every", "2", "--peers", "5", "--faulty-seconds", "20"])
        #expect(output.contains("4 seeds, 0 failed"))
    }

    @Test("A failure names its seed, options and revision")
    func failure() throws {
        let output = try p2psim(["--seed", "1", "--canary", "lose-delta", "--peers", "5"])
        #expect(output.contains("FAILED rosters") && output.contains("--seed 1 --peers 5 --canary lose-delta"))
        #expect(output.contains("revision "))
    }
}
