import Content
import Posix

/// The daemon's own directory: held by one daemon at a time, it keeps the peer's id and its partial files.
public struct StateDirectory: ~Copyable {
    public let directory: Directory
    public let peerID: PeerID
    private let lock: LockFile

    /// Makes the directory if it is missing, and locks it.
    public init(path: String) throws(StateDirectoryError) {
        let directory = try StateDirectory.attempt { () throws(SystemError) in try Directory.create(path) }
        let held = try StateDirectory.acquire(path)
        peerID = try StateDirectory.attempt { () throws(SystemError) in try StateDirectory.identify(directory) }
        self.directory = directory
        lock = held
    }

    private static func acquire(_ path: String) throws(StateDirectoryError) -> LockFile {
        do throws(LockFileError) {
            return try LockFile(path: "\(path)/lock")
        } catch {
            switch error {
            case .held(_, let process): throw .held(path: path, process: process)
            case .failed(let failure): throw .failed(failure)
            }
        }
    }

    private static func attempt<R>(_ body: () throws(SystemError) -> R) throws(StateDirectoryError) -> R {
        do throws(SystemError) { return try body() } catch { throw .failed(error) }
    }

    /// Reads the id, or makes one and keeps it.
    private static func identify(_ directory: Directory) throws(SystemError) -> PeerID {
        let file = OpenFile(try directory.createFile("peer-id", mode: 0o600), path: "\(directory.path)/peer-id")
        let text = String(decoding: try FileIO.bytes(of: file.rawValue, limit: 2 * PeerID.byteCount), as: UTF8.self)
        if let decoded = Hex.decode(text), let id = PeerID(bytes: decoded) { return id }
        var random = SystemRandomNumberGenerator()
        let id = PeerID.random(using: &random)
        try FileIO.write(file.rawValue, Array((id.hex + "\n").utf8))
        try FileIO.sync(file.rawValue)
        return id
    }
}

public enum StateDirectoryError: Error {
    /// Another daemon works in it.
    case held(path: String, process: Int32?)
    case failed(SystemError)
}
