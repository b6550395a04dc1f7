import Foundation
import Node

/// A file of settings, as either daemon reads it at its start.
final class ConfigurationTarget {
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/settings.toml" }

    init() throws {
        scratch = try Scratch()
    }

    /// The first byte says whose file it is.
    func run(_ input: [UInt8]) throws {
        try Data(input.dropFirst()).write(to: URL(fileURLWithPath: path))
        let surroundings = Surroundings(
            environment: ["P2PD_CONFIG": path, "P2PD_PORT": "7000", "P2PD_SHARE": scratch.path], userID: 1000,
            hostName: "host", coreCount: 2, workingDirectory: "/work")
        do {
            if (input.first ?? 0) & 1 == 0 {
                let settings = try PeerSettings.resolve(flags: Flags(), in: surroundings)
                try require((1...16).contains(settings.managers.count), "\(settings.managers.count) managers")
                try require((1...4).contains(settings.workers), "\(settings.workers) workers")
                try require((1...256).contains(settings.uploadSlots), "\(settings.uploadSlots) slots")
                try require((1...64).contains(settings.maxDownloads), "\(settings.maxDownloads) downloads")
            } else {
                let settings = try ManagerSettings.resolve(flags: Flags(), in: surroundings)
                try require((1...65_536).contains(settings.maxPeers), "\(settings.maxPeers) peers")
            }
        } catch let error as DaemonError {
            try require(!error.message.isEmpty, "it is refused without a reason")
        }
    }
}
