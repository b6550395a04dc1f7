import Content
import Logging
import Transport

/// What a peer runs with, checked and final. All paths are absolute.
public struct PeerSettings: Equatable, Sendable {
    /// Bytes of UTF-8.
    public static let maxLabelBytes = 64
    /// A peer keeps to one of them and tries the others in turn.
    public static let maxManagers = 16

    /// Where other peers connect: loopback, or anything if `insecure`; the port is not 0.
    public let listen: PeerAddress
    /// The directory that is shared and downloaded to; it was there when the settings were read.
    public let share: String
    /// 1 to 16, without repetitions.
    public let managers: [ManagerEndpoint]
    /// At most 107 bytes. The directory may have to be made.
    public let controlSocket: String
    /// May have to be made.
    public let stateDirectory: String
    public let insecure: Bool
    public let logLevel: Logger.Level
    /// Threads for disk and hashing: 1 to 4.
    public let workers: Int
    /// What people see beside the address: 1 to 64 bytes without control characters.
    public let label: String
    public let hooks: HookSettings
    /// How fast file data goes out and comes in until somebody changes it, and for whom that does not hold.
    public internal(set) var rates: RateLimits
    /// Peers that are served at one time: 1 to 256.
    public let uploadSlots: Int
    /// What is left free of the disk that downloads go to.
    public let minFree: Reserve
    /// Downloads that run at one time: 1 to 64.
    public let maxDownloads: Int

    /// The port that the peer listens on.
    public var port: UInt16 { listen.port }
}

extension PeerSettings {
    public static let port = Setting(
        SettingName(
            key: "port", place: .argument("PORT"), kind: .integer, standard: .required,
            summary: "The port to listen on, 1 to 65535."),
        SettingText.port)

    public static let share = Setting(
        SettingName(
            key: "share", place: .argument("DIR"), kind: .text, standard: .required,
            summary: "The directory to share and to download to."),
        SettingText.path)

    public static let bind = Setting(
        SettingName(
            key: "bind", place: .option, kind: .text, standard: .text("127.0.0.1"),
            summary: "The address to listen on, without a port."),
        SettingText.host)

    public static let manager = Setting(
        list: SettingName(
            key: "manager", place: .option, kind: .list, standard: .text("127.0.0.1:60505"),
            summary: "A manager to join, as HOST:PORT; may be repeated, and has commas between in the environment."),
        SettingText.managerEndpoint)

    public static let control = Setting(
        SettingName(
            key: "control", place: .option, kind: .text,
            standard: .found("$XDG_RUNTIME_DIR/p2pd/peer-PORT.sock, for root /run/p2pd/peer-PORT.sock"),
            summary: "The Unix socket on which p2pctl reaches this peer."),
        SettingText.path)

    public static let state = Setting(
        SettingName(
            key: "state", place: .option, kind: .text,
            standard: .found("~/.local/state/p2pd/peer-PORT, for root /var/lib/p2pd/peer-PORT"),
            summary: "The directory for the peer's identity and partial files."),
        SettingText.path)

    public static let workers = Setting(
        SettingName(
            key: "workers", place: .option, kind: .integer, standard: .found("2, or 1 on a single processor"),
            summary: "Threads for disk and hashing, 1 to 4."),
        SettingText.integer(1...4, of: "threads"))

    public static let label = Setting(
        SettingName(
            key: "label", place: .option, kind: .text, standard: .found("the host's name"),
            summary: "What people see beside this peer's address, up to \(maxLabelBytes) bytes."),
        SettingText.label)

    static let minFree = Setting(
        SettingName(
            key: "min_free", place: .nowhere, kind: .text, standard: .text("1%"),
            summary: "What downloads leave free of the disk: a part of it, as 1%, or an amount, as 10G."),
        SettingText.reserve)

    static let maxDownloads = Setting(
        SettingName(
            key: "max_downloads", place: .nowhere, kind: .integer, standard: .text("4"),
            summary: "Downloads that run at one time, 1 to 64, without those that have no holder; the others wait."),
        SettingText.integer(1...64, of: "downloads"))

    /// Everything that the peer's file may name.
    public static let all = [
        port.name, share.name, bind.name, manager.name, control.name, state.name, CommonSettings.insecure.name,
        CommonSettings.logLevel.name, workers.name, label.name, onComplete.name, onError.name, hookSeconds.name,
        maxUpload.name, maxDownload.name, unlimitedNetworks.name, uploadSlots.name,
        minFree.name, maxDownloads.name,
    ]

    /// Settings from the flags, the environment, the file that either names, and the defaults, in this precedence.
    ///
    /// - Throws: `usage` for a flag that cannot be, for a missing PORT or DIR, and for listening beyond loopback
    ///   without `--insecure`; `missingInput` if the share is no directory; `configuration` for the environment
    ///   and the file.
    public static func resolve(flags: Flags, in surroundings: Surroundings) throws(DaemonError) -> PeerSettings {
        let layers = try Layers(flags: flags, in: surroundings, all: all)
        let port = try layers.value(port).value
        let paths = PeerPaths(layers: layers, surroundings: surroundings, port: port)
        let settings = PeerSettings(
            listen: try layers.value(bind).value.with(port: port),
            share: try paths.share(),
            managers: try managers(layers),
            controlSocket: try paths.controlSocket(),
            stateDirectory: try paths.stateDirectory(),
            insecure: try layers.value(CommonSettings.insecure).value,
            logLevel: try layers.value(CommonSettings.logLevel).value,
            workers: try layers.value(workers, found: surroundings.coreCount > 1 ? "2" : "1").value,
            label: try layers.value(label, found: standardLabel(surroundings)).value,
            hooks: try HookSettings(layers),
            rates: try RateLimits(layers),
            uploadSlots: try layers.value(uploadSlots).value,
            minFree: try layers.value(minFree).value,
            maxDownloads: try layers.value(maxDownloads).value)
        try LoopbackRule.check(layers.value(bind), of: bind.name, insecure: settings.insecure)
        return settings
    }

    private static func managers(_ layers: Layers) throws(DaemonError) -> [ManagerEndpoint] {
        let given = try layers.value(manager)
        let distinct = given.value.reduce(into: [ManagerEndpoint]()) { list, next in
            if !list.contains(next) { list.append(next) }
        }
        guard distinct.count <= maxManagers else {
            throw DaemonError(
                "\(given.origin.describe(manager.name)): there are \(distinct.count) managers; at most \(maxManagers) "
                    + "can be joined", exit: given.origin.exit)
        }
        return distinct
    }

    /// A host may be called what no label may be; that must not keep a peer from starting.
    private static func standardLabel(_ surroundings: Surroundings) -> String {
        (try? SettingText.label(surroundings.hostName)) ?? "peer"
    }
}
