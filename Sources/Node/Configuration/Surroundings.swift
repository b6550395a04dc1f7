import FoundationEssentials
import Posix

/// What the settings' defaults depend on outside the program, gathered once so that tests can make their own.
public struct Surroundings: Sendable {
    public var environment: [String: String]
    /// The effective user; 0 is root.
    public var userID: UInt32
    public var hostName: String
    /// Processors that this process may use.
    public var coreCount: Int
    /// Absolute; relative paths are taken from here.
    public var workingDirectory: String

    public init(
        environment: [String: String], userID: UInt32, hostName: String, coreCount: Int, workingDirectory: String
    ) {
        self.environment = environment
        self.userID = userID
        self.hostName = hostName
        self.coreCount = coreCount
        self.workingDirectory = workingDirectory
    }

    /// Those of the running process.
    public static var current: Surroundings {
        let process = ProcessInfo.processInfo
        return Surroundings(
            environment: process.environment, userID: CurrentUser.id, hostName: process.hostName,
            coreCount: process.activeProcessorCount, workingDirectory: FileManager.default.currentDirectoryPath)
    }

    /// - Returns: `path` from the root, without `.` and empty components; `..` stays, since what it means depends on
    ///   symbolic links.
    func absolute(_ path: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        let components = (isAbsolute ? path : workingDirectory + "/" + path).utf8.split(separator: UInt8(ascii: "/"))
        let kept = components.map { String(decoding: $0, as: UTF8.self) }.filter { $0 != "." }
        return "/" + kept.joined(separator: "/")
    }
}
