import Content
import Transport

extension PeerSettings {
    public static let maxUpload = Setting(
        SettingName(
            key: "max_upload", place: .option, kind: .text, standard: .text("none"),
            summary: "The most file data to send in a second: 50M, 512K, 1.5G (powers of 1024) or none."),
        SettingText.rate)

    public static let maxDownload = Setting(
        SettingName(
            key: "max_download", place: .option, kind: .text, standard: .text("none"),
            summary: "The most file data to receive in a second: 50M, 512K, 1.5G (powers of 1024) or none."),
        SettingText.rate)

    static let unlimitedNetworks = Setting(
        list: SettingName(
            key: "unlimited_networks", place: .nowhere, kind: .list, standard: .found("none"),
            summary: "Addresses that neither limit holds for, as 10.0.0.0/8, fd00::/8 or 192.0.2.1."),
        mayBeEmpty: true, SettingText.network)

    static let uploadSlots = Setting(
        SettingName(
            key: "upload_slots", place: .nowhere, kind: .integer, standard: .text("16"),
            summary: "Peers that are served at one time, 1 to 256; others wait for their turn."),
        SettingText.integer(1...256, of: "peers"))
}

extension RateLimits {
    init(_ layers: Layers) throws(DaemonError) {
        self.init(
            upload: try layers.value(PeerSettings.maxUpload).value,
            download: try layers.value(PeerSettings.maxDownload).value,
            exempt: try layers.valueIfGiven(PeerSettings.unlimitedNetworks)?.value ?? [])
    }
}
