import Content
import PeerCore
import Reactor
import Transport

/// Small files of one tree that came over one connection, together in one buffer: one job for all of them.
struct FileBatch: Sendable {
    /// Whole files wait no longer than this for others to fill the buffer, unless one is coming just then.
    static let age = Span.milliseconds(250)
    /// Bytes in the buffer of files that are smaller than that. A larger file has a buffer of its own.
    static let capacity = 256 << 10

    struct File: Sendable {
        /// In the manifest.
        let index: Int
        /// Of its bytes in the buffer.
        let range: Range<Int>
    }

    let download: DownloadID
    let connection: ConnectionID
    let buffer: PieceBuffer
    private let begun: Moment
    /// Whole ones.
    private(set) var files: [File] = []
    private var used = 0
    /// One that is coming in.
    private var receiving: File?

    var isReceiving: Bool { receiving != nil }

    init(download: DownloadID, connection: ConnectionID, buffer: PieceBuffer, now: Moment) {
        begun = now
        self.download = download
        self.connection = connection
        self.buffer = buffer
    }

    /// - Returns: where to put a file's bytes; nil if there is no room for them.
    mutating func begin(_ index: Int, length: Int) -> IncomingPiece? {
        guard receiving == nil, length <= buffer.memory.count - used else { return nil }
        let file = File(index: index, range: used..<used + length)
        receiving = file
        used += length
        return IncomingPiece(
            download: download.rawValue, index: index, length: length, buffer: buffer, offset: file.range.lowerBound)
    }

    func isDue(at now: Moment) -> Bool { begun + FileBatch.age <= now }

    /// The file that was coming in is whole.
    mutating func received() {
        if let receiving { files.append(receiving) }
        receiving = nil
    }

    /// It will not become whole.
    mutating func cut() { receiving = nil }
}
