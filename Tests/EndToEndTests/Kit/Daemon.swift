import Content
import Foundation

/// A p2pd process. Its command is kept, so that it can be started again as it was.
class Daemon {
    let name: String
    let address: PeerAddress
    let directory: String
    private let command: [String]
    private let environment: [String]
    private(set) var process: Child

    /// - Parameter entrance: a command that runs what comes after it somewhere else, in the same process.
    init(
        _ name: String, at address: PeerAddress, in directory: String, _ arguments: [String], environment: [String],
        entrance: [String] = []
    ) throws {
        self.name = name
        self.address = address
        self.directory = directory
        command = entrance + [Programs.p2pd] + arguments
        self.environment = environment
        process = try Daemon.start(name, in: directory, command, environment)
    }

    /// The same command again, on the same ports and directories; its log goes on in the same file.
    func restart() throws {
        process.end()
        process = try Daemon.start(name, in: directory, command, environment)
    }

    func kill() { process.end() }

    /// Ends it as systemd would.
    func terminate() throws {
        process.signal(SIGTERM)
        guard case .exited(0) = try process.wait() else {
            throw Failure("\(name) did not end well: \(String(describing: process.ending))")
        }
    }

    func freeze() { process.signal(SIGSTOP) }
    func thaw() { process.signal(SIGCONT) }

    /// Whether it would take a connection now.
    var accepts: Bool {
        (try? RawSocket(connectingTo: address)) != nil
    }

    var log: String { process.errors }

    private static func start(
        _ name: String, in directory: String, _ command: [String], _ environment: [String]
    ) throws -> Child {
        let streams = Child.Streams(output: "\(directory)/\(name).out", errors: "\(directory)/\(name).log")
        return try Child(command[0], Array(command.dropFirst()), environment: environment, streams: streams)
    }
}

final class Manager: Daemon {}

/// A peer daemon with its share, its state and its control socket.
final class Peer: Daemon {
    var share: String { "\(directory)/\(name)" }
    var state: String { "\(directory)/\(name).state" }
    var control: String { "\(directory)/\(name).sock" }

    func path(_ file: String) -> String { "\(share)/\(file)" }

    /// The names of the files that it offers, each with its root in hexadecimal.
    func files() -> [String: String] {
        let listed = ctl("files", "--json").json?["files"].array ?? []
        let offered = listed.compactMap { file in
            file["state"].string == "ready" ? file["name"].string.map { ($0, file["root"].string ?? "") } : nil
        }
        return Dictionary(offered) { first, _ in first }
    }

    /// The addresses on its roster.
    func roster() -> Set<String> {
        Set((ctl("peers", "--json").json?["peers"].array ?? []).compactMap { $0["address"].string })
    }

    /// What `p2pctl downloads` says of the download of this name; nil if there is none.
    func download(_ name: String) -> JSON? {
        ctl("downloads", "--json").json?["downloads"].array.first { $0["name"].string == name }
    }

    /// One of the numbers of `p2pctl status`.
    func count(_ field: String) -> Int { ctl("status", "--json").json?[field].int ?? -1 }

    /// Waits until so many bytes of a download are here, and returns how many there are then.
    @discardableResult
    func awaitBytes(_ count: Int, of name: String) throws -> Int {
        var have = 0
        try eventually("\(self.name) has \(count) bytes of \(name)") {
            have = download(name)?["have"].int ?? 0
            return have >= count
        }
        return have
    }

    /// Waits until it offers all of these files, and returns the root of the last.
    @discardableResult
    func awaitFiles(_ names: String...) throws -> String {
        try eventually("\(name) has indexed \(names)") { names.allSatisfy(Set(files().keys).contains) }
        return names.last.flatMap { files()[$0] } ?? ""
    }

    func awaitReady() throws {
        try eventually("\(name) answers on its control socket") { ctl("status", "--json").code == 0 }
    }

    func awaitRoster(of others: [Peer]) throws {
        let addresses = Set(others.map(\.address.description)).subtracting([address.description])
        try eventually("\(name) knows \(addresses.sorted())") { roster().isSuperset(of: addresses) }
    }

    func awaitDeparture(of other: Peer, within seconds: Double = Patience.seconds) throws {
        try eventually("\(other.name) has left the roster of \(name)", within: seconds) {
            !roster().contains(other.address.description)
        }
    }
}
