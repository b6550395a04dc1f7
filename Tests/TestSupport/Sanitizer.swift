import Foundation

/// The sanitizer that the tests, and with them the programs that they start, are built with, if any.
public enum Sanitizer {
    /// nil in an ordinary build.
    public static let name: String? =
        if isLinked("__asan_init") { "address" } else if isLinked("__tsan_init") { "thread" } else { nil }

    /// By how much deadlines and limits of memory are wider: what is watched takes several times as much of both.
    public static let slack = name == nil ? 1 : 6

    /// What it has been told, `NAME=value`, for programs that see nothing else of the environment.
    public static let environment = ["ASAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE"].compactMap { variable in
        ProcessInfo.processInfo.environment[variable].map { "\(variable)=\($0)" }
    }

    private static func isLinked(_ symbol: String) -> Bool { dlsym(nil, symbol) != nil }
}
