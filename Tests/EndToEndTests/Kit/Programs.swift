import Foundation

/// Where the programs under test are: beside the test bundle, or in the directory that P2PD_BIN names.
enum Programs {
    static let p2pd = directory + "/p2pd"
    static let p2pctl = directory + "/p2pctl"

    private static let directory: String = {
        if let chosen = ProcessInfo.processInfo.environment["P2PD_BIN"] { return chosen }
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = max(0, readlink("/proc/self/exe", &path, path.count))
        let program = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (program as NSString).deletingLastPathComponent
    }()
}
