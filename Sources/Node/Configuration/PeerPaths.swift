import Control
import FoundationEssentials

/// Where a peer's share, state and control socket lie.
struct PeerPaths {
    let layers: Layers
    let surroundings: Surroundings
    let port: UInt16

    func share() throws(DaemonError) -> String {
        let given = try layers.value(PeerSettings.share)
        let path = surroundings.absolute(given.value)
        let subject = given.origin.describe(PeerSettings.share.name)
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw DaemonError(
                "\(subject): \(path) is not there or not to be reached; make the directory first, or name another",
                exit: .missingInput)
        }
        guard isDirectory else {
            throw DaemonError(
                "\(subject): \(path) is not a directory; name the directory to share", exit: .missingInput)
        }
        return path
    }

    /// `/var/lib/p2pd/peer-PORT` for root, else under the user's state directory.
    func stateDirectory() throws(DaemonError) -> String {
        let home = ControlSocketPath.stateHome(environment: surroundings.environment)
        let parent = surroundings.userID == 0 ? "/var/lib/p2pd" : home.map { "\($0)/p2pd" }
        return try path(PeerSettings.state, standard: parent.map { "\($0)/peer-\(port)" }).value
    }

    func controlSocket() throws(DaemonError) -> String {
        let standard = ControlSocketPath.defaultForPeer(
            port: port, environment: surroundings.environment, userID: surroundings.userID)
        let given = try path(PeerSettings.control, standard: standard)
        let byteCount = given.value.utf8.count
        guard byteCount <= ControlSocketPath.maxBytes else {
            throw DaemonError(
                "\(given.origin.describe(PeerSettings.control.name)): \(given.value) has \(byteCount) bytes, and a "
                    + "Unix socket's path at most \(ControlSocketPath.maxBytes); name a shorter one with --control",
                exit: given.origin.exit)
        }
        return given.value
    }

    private func path(_ setting: Setting<String>, standard: String?) throws(DaemonError) -> Given<String> {
        if let given = try layers.valueIfGiven(setting) {
            return Given(value: surroundings.absolute(given.value), origin: given.origin)
        }
        guard let standard else {
            throw DaemonError(
                "there is no default for \(setting.name.flag ?? setting.name.key), since the environment has neither "
                    + "HOME nor the XDG directories: \(setting.name.mentions)",
                exit: .configuration)
        }
        return Given(value: standard, origin: .standard)
    }
}
