import Content

/// Until peers authenticate each other, listening where other machines can connect takes the user's word.
enum LoopbackRule {
    /// - Throws: `usage`, whoever gave the address: the remedy is a flag.
    static func check(_ given: Given<PeerAddress>, of setting: SettingName, insecure: Bool) throws(DaemonError) {
        guard !given.value.isLoopback, !insecure else { return }
        throw DaemonError(
            "\(given.origin.describe(setting)): \(given.value.host) is not a loopback address, and nothing "
                + "authenticates peers yet: anyone who reaches the port can fetch every shared file. Listen on "
                + "127.0.0.1 or ::1, or accept that with --insecure",
            exit: .usage)
    }
}
