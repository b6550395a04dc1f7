/// Programs that a peer runs when a download has ended.
public struct HookSettings: Equatable, Sendable {
    /// A program and its arguments; empty for none.
    public let onComplete: [String]
    /// Likewise, for a download that failed.
    public let onError: [String]
    /// How long one may run: 1 to 3,600 seconds.
    public let secondsMax: Int

    public init(onComplete: [String] = [], onError: [String] = [], secondsMax: Int = 60) {
        self.onComplete = onComplete
        self.onError = onError
        self.secondsMax = secondsMax
    }

    init(_ layers: Layers) throws(DaemonError) {
        self.init(
            onComplete: try layers.valueIfGiven(PeerSettings.onComplete)?.value ?? [],
            onError: try layers.valueIfGiven(PeerSettings.onError)?.value ?? [],
            secondsMax: try layers.value(PeerSettings.hookSeconds).value)
    }
}

extension PeerSettings {
    public static let onComplete = Setting(
        command: SettingName(
            key: "on_complete", place: .nowhere, kind: .command, standard: .found("none"),
            summary: """
                A program and its arguments, run without a shell when a download is in the share: ["PROGRAM", "ARGUMENT"]. \
                It finds P2PD_NAME, P2PD_PATH, P2PD_KIND (file or directory), P2PD_ROOT and P2PD_LENGTH in its environment.
                """))

    public static let onError = Setting(
        command: SettingName(
            key: "on_error", place: .nowhere, kind: .command, standard: .found("none"),
            summary: """
                The same when a download has failed; the program finds P2PD_CAUSE, P2PD_MESSAGE and P2PD_EXIT, too.
                """))

    public static let hookSeconds = Setting(
        SettingName(
            key: "hook_seconds", place: .nowhere, kind: .integer, standard: .text("60"),
            summary: "How long a program of on_complete or on_error may run, 1 to 3600 seconds."),
        SettingText.integer(1...3600, of: "seconds"))
}
