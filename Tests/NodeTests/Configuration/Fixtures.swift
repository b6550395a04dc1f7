import Foundation

@testable import Node

extension Surroundings {
    /// A machine of two processors, and a user who is not root.
    static func fixture(
        _ environment: [String: String] = [:], userID: UInt32 = 1000, coreCount: Int = 2, hostName: String = "host"
    ) -> Surroundings {
        let home = ["HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/1000"]
        return Surroundings(
            environment: home.merging(environment) { _, given in given }, userID: userID, hostName: hostName,
            coreCount: coreCount, workingDirectory: "/tmp")
    }
}

/// A file that goes away with its owner.
final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).toml").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The error that `body` ends with, nil if it ends well.
func failure<Value>(_ body: () throws(DaemonError) -> Value) -> DaemonError? {
    do throws(DaemonError) { _ = try body() } catch { return error }
    return nil
}
