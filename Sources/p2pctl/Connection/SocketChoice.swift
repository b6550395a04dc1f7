import Control
import FoundationEssentials
import Glibc

/// Which control socket to talk to: the option's, the environment's, or the only one there is.
enum SocketChoice {
    static func path(option: String?) throws(ControlFailure) -> String {
        if let option { return option }
        if let named = variable("P2PCTL_CONTROL"), !named.isEmpty { return named }
        let found = candidates()
        let answering = found.count > 1 ? found.filter(ControlConnection.isAnswering) : found
        switch answering.count {
        case 1: return answering[0]
        case 0: throw none(found)
        default: throw several(answering)
        }
    }

    private static func none(_ stale: [String]) -> ControlFailure {
        let advice = "start one with: p2pd peer PORT DIR, or name its socket with --control or P2PCTL_CONTROL"
        guard !stale.isEmpty else { return ControlFailure(.unreachable, "no peer daemon is running here; \(advice)") }
        let list = stale.joined(separator: ", ")
        return ControlFailure(.unreachable, "no daemon answers any more at \(list); \(advice)")
    }

    private static func several(_ paths: [String]) -> ControlFailure {
        ControlFailure(
            .usage,
            "\(paths.count) peer daemons are running here; choose one with --control or P2PCTL_CONTROL: "
                + paths.joined(separator: ", "))
    }

    private static func candidates() -> [String] {
        ControlSocketPath.candidates(environment: ProcessInfo.processInfo.environment, userID: geteuid())
            .flatMap { matches("\($0)/peer-*.sock") }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Source: glob(3).
    private static func matches(_ pattern: String) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(pattern, 0, nil, &result) == 0 else { return [] }
        return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
    }
}
