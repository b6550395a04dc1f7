import Content
import Foundation
import TestSupport
import Testing

/// A manager and peers as real processes, in a directory of their own, for the length of one closure.
final class Swarm {
    let scratch: Scratch
    let host: String
    private(set) var manager: Manager
    private(set) var peers: [Peer] = []

    /// Starts a manager and `peers` peers that know each other, and stops all of them whatever happens in `body`.
    /// - Parameters:
    ///   - host: the address that all listen on.
    ///   - settings: lines of the manager's configuration file.
    ///   - inMemory: keep their files where a sync takes no time.
    static func run(
        peers count: Int = 0, host: String = "127.0.0.1", settings: [String] = [], inMemory: Bool = false,
        _ body: (Swarm) throws -> Void
    ) throws {
        let scratch = try Scratch(inMemory: inMemory)
        defer { scratch.remove() }
        let swarm = try Swarm(in: scratch, host: host, settings: settings)
        defer { swarm.end() }
        do {
            for _ in 0..<count { try swarm.addPeer() }
            try swarm.settle()
            try body(swarm)
        } catch {
            throw Failure("\(error)\n\(swarm.logs)")
        }
    }

    /// What the programs get to see of the environment: nothing of the machine's own configuration, but where a
    /// sanitizer in them reports.
    static func environment(_ directory: String) -> [String] {
        ["PATH=/usr/bin:/bin", "HOME=\(directory)", "XDG_RUNTIME_DIR=\(directory)", "LANG=C.UTF-8"]
            + Sanitizer.environment
    }

    private init(in scratch: Scratch, host: String, settings: [String]) throws {
        self.host = host
        self.scratch = scratch
        let address = try Swarm.freeAddress(host)
        let file = "\(scratch.path)/manager.toml"
        try settings.joined(separator: "\n").write(toFile: file, atomically: false, encoding: .utf8)
        let arguments = ["manager", "--listen", address.description] + (settings.isEmpty ? [] : ["--config", file])
        manager = try Manager(
            "manager", at: address, in: scratch.path, arguments, environment: Swarm.environment(scratch.path))
        let manager = manager
        try eventually("the manager listens on \(address)") {
            if let ending = manager.process.poll() { throw Failure("the manager ended: \(ending) \(manager.log)") }
            return manager.accepts
        }
    }

    /// Starts a peer and waits until it answers on its control socket.
    /// - Parameters:
    ///   - bind: the address it listens on, if not the swarm's.
    ///   - network: that it runs in, if not this machine's own.
    ///   - arguments: further ones for its command line.
    ///   - fill: puts files into its share before it starts.
    @discardableResult
    func addPeer(
        bind: String? = nil, inside network: SlowNetwork? = nil, arguments: [String] = [], environment: [String] = [],
        fill: (String) throws -> Void = { _ in }
    ) throws -> Peer {
        let name = "peer\(peers.count + 1)"
        let base = "\(scratch.path)/\(name)"
        let address = try Swarm.freeAddress(bind ?? network?.inside ?? host)
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        try fill(base)
        let bound = bind ?? network?.inside ?? (host == "127.0.0.1" ? nil : host)
        let command =
            ["peer", String(address.port), base, "--manager", manager.address.description]
            + ["--control", base + ".sock", "--state", base + ".state"]
            + (bound.map { ["--bind", $0] } ?? []) + arguments
        let peer = try Peer(
            name, at: address, in: scratch.path, command,
            environment: Swarm.environment(scratch.path) + environment, entrance: network?.entrance ?? [])
        peers.append(peer)
        try peer.awaitReady()
        return peer
    }

    /// Starts a peer that shares this one file, and waits until it offers it.
    @discardableResult
    func addHolder(of file: String, length: Int, seed: UInt64 = 1) throws -> Peer {
        let peer = try addPeer { try TestFile.write("\($0)/\(file)", length: length, seed: seed) }
        try peer.awaitFiles(file)
        return peer
    }

    /// Starts a peer whose share has another name for the very file that `peer` shares, which costs no disk.
    @discardableResult
    func addHolder(like peer: Peer, of file: String) throws -> Peer {
        let original = peer.path(file)
        let added = try addPeer { try FileManager.default.linkItem(atPath: original, toPath: "\($0)/\(file)") }
        try added.awaitFiles(file)
        return added
    }

    /// Waits until every living peer knows every other.
    func settle() throws {
        let living = peers.filter { $0.process.poll() == nil }
        for peer in living { try peer.awaitRoster(of: living) }
    }

    private func end() {
        for daemon in peers as [Daemon] + [manager] { daemon.kill() }
    }

    private var logs: String {
        (peers as [Daemon] + [manager])
            .map { "--- \($0.name)\n" + TextFile.tail($0.process.streams.errors) }.joined(separator: "\n")
    }

    private static func freeAddress(_ host: String) throws -> PeerAddress {
        guard let address = PeerAddress(host: host, port: try Ports.next()) else {
            throw Failure("\(host) is no address")
        }
        return address
    }
}
