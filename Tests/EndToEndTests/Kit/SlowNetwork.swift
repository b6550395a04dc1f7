import Foundation

/// A network namespace with one link to the rest of this machine, on which whatever comes out of it is slow.
struct SlowNetwork {
    /// Why none can be made here; nil if one can.
    static let obstacle: String? = {
        do {
            try SlowNetwork(bitsPerSecond: 8000).remove()
            return nil
        } catch { return "\(error)" }
    }()

    let name: String
    /// This machine's end of the link, and the other.
    let outside: String
    let inside: String
    private let link: String

    init(bitsPerSecond: Int) throws {
        // A net of four of the addresses that are set aside for measurements (RFC 2544).
        let net = Int.random(in: 0..<1 << 14)
        let (third, fourth) = (net / 64, net % 64 * 4)
        (outside, inside) = ("198.18.\(third).\(fourth + 1)", "198.18.\(third).\(fourth + 2)")
        name = "p2pd-e2e-\(net)"
        link = "p2pd\(net)"
        try SlowNetwork.ip("netns", "add", name)
        do {
            try SlowNetwork.ip("link", "add", link, "type", "veth", "peer", "name", "out", "netns", name)
            try SlowNetwork.ip("address", "add", outside + "/30", "dev", link)
            try SlowNetwork.ip("link", "set", link, "up")
            try SlowNetwork.ip("-n", name, "address", "add", inside + "/30", "dev", "out")
            try SlowNetwork.ip("-n", name, "link", "set", "out", "up")
            try SlowNetwork.run(
                "tc", "-n", name, "qdisc", "add", "dev", "out", "root", "tbf", "rate", "\(bitsPerSecond)bit", "burst",
                "2000", "latency", "3s")
        } catch {
            remove()
            throw error
        }
    }

    /// What a command has to begin with to run in it.
    var entrance: [String] { [SlowNetwork.find("ip"), "netns", "exec", name] }

    /// The link goes with it.
    func remove() { try? SlowNetwork.ip("netns", "delete", name) }

    private static func ip(_ arguments: String...) throws { try run(["ip"] + arguments) }

    private static func run(_ command: String...) throws { try run(command) }

    private static func run(_ command: [String]) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let errors = scratch.path + "/errors"
        let child = try Child(
            find(command[0]), Array(command.dropFirst()), environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            streams: Child.Streams(output: scratch.path + "/output", errors: errors))
        guard try child.wait() == .exited(0) else {
            let reason = child.errors.split(separator: "\n").first ?? "it failed"
            throw Failure("\(command.joined(separator: " ")): \(reason)")
        }
    }

    private static func find(_ program: String) -> String {
        let places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map { "\($0)/\(program)" }
        return places.first { access($0, X_OK) == 0 } ?? program
    }
}
