import Content
import Logging

/// What a manager runs with, checked and final.
public struct ManagerSettings: Equatable, Sendable {
    /// Loopback, or anything if `insecure`; the port is not 0.
    public let listen: PeerAddress
    public let insecure: Bool
    public let logLevel: Logger.Level
    /// Seconds between two heartbeats to a peer: 1 to 60.
    public let heartbeatSeconds: Int
    /// Seconds without a message from a peer after which it counts as gone: 3 to 600, more than `heartbeatSeconds`.
    public let silenceSeconds: Int
    /// Peers beyond this many are refused: 1 to 65,536.
    public let maxPeers: Int
    /// Peers are connected back to before they are told to anybody.
    public let probe: Bool
}

extension ManagerSettings {
    public static let listen = Setting(
        SettingName(
            key: "listen", place: .option, kind: .text, standard: .text("127.0.0.1:60505"),
            summary: "The address and port to listen on, as 127.0.0.1:60505 or [::1]:60505."),
        SettingText.address)

    static let heartbeatSeconds = Setting(
        SettingName(
            key: "heartbeat_seconds", place: .nowhere, kind: .integer, standard: .text("5"),
            summary: "Seconds between two heartbeats to a peer, 1 to 60."),
        SettingText.integer(1...60, of: "seconds"))

    static let silenceSeconds = Setting(
        SettingName(
            key: "silence_seconds", place: .nowhere, kind: .integer, standard: .text("15"),
            summary: "Seconds of silence after which a peer counts as gone, 3 to 600, more than heartbeat_seconds."),
        SettingText.integer(3...600, of: "seconds"))

    static let maxPeers = Setting(
        SettingName(
            key: "max_peers", place: .nowhere, kind: .integer, standard: .text("20000"),
            summary: "Peers beyond this many are refused, 1 to 65536."),
        SettingText.integer(1...65_536, of: "peers"))

    static let probe = Setting(
        SettingName(
            key: "probe", place: .nowhere, kind: .toggle, standard: .text("true"),
            summary: "Connect back to each peer that joins, and refuse those that cannot be reached."),
        SettingText.toggle)

    /// Everything that the manager's file may name.
    public static let all = [
        listen.name, CommonSettings.insecure.name, CommonSettings.logLevel.name, heartbeatSeconds.name,
        silenceSeconds.name, maxPeers.name, probe.name,
    ]

    /// Settings from the flags, the environment, the file that either names, and the defaults, in this precedence.
    ///
    /// - Throws: `usage` for a flag that cannot be and for listening beyond loopback without `--insecure`;
    ///   `configuration` for the environment and the file.
    public static func resolve(flags: Flags, in surroundings: Surroundings) throws(DaemonError) -> ManagerSettings {
        let layers = try Layers(flags: flags, in: surroundings, all: all)
        let settings = ManagerSettings(
            listen: try layers.value(listen).value,
            insecure: try layers.value(CommonSettings.insecure).value,
            logLevel: try layers.value(CommonSettings.logLevel).value,
            heartbeatSeconds: try layers.value(heartbeatSeconds).value,
            silenceSeconds: try layers.value(silenceSeconds).value,
            maxPeers: try layers.value(maxPeers).value,
            probe: try layers.value(probe).value)
        try LoopbackRule.check(layers.value(listen), of: listen.name, insecure: settings.insecure)
        try checkSilence(layers)
        return settings
    }

    private static func checkSilence(_ layers: Layers) throws(DaemonError) {
        let heartbeat = try layers.value(heartbeatSeconds)
        let silence = try layers.value(silenceSeconds)
        guard silence.value <= heartbeat.value else { return }
        throw DaemonError(
            "\(silence.origin.describe(silenceSeconds.name)) is \(silence.value), which must be more than the "
                + "\(heartbeat.value) of \(heartbeat.origin.describe(heartbeatSeconds.name)): a peer is silent "
                + "between two heartbeats",
            exit: .configuration)
    }
}
