import Posix

/// The log that SQLite keeps beside a database: what was committed and is not in the database itself yet.
///
/// SQLite takes of it what is whole from its beginning, and passes over the rest in silence, whatever that is: without a
/// header, all of it. That is right after a power failure, which may leave the last transaction in pieces, and nothing
/// else: each was synced before the next began. So a log without a header, or with whole transactions behind a frame that
/// is broken, is damaged. Source: https://www.sqlite.org/fileformat2.html, section 4.
struct WriteAheadLog {
    private static let headerBytes = 32
    private static let frameHeaderBytes = 24
    private static let magic: UInt32 = 0x377F_0682
    private static let version: UInt32 = 3_007_000
    /// Behind a broken frame: the last transaction, which a power failure may have broken, has one.
    private static let commitsMin = 2

    /// Two sums that each frame carries on from the one before.
    private struct Sums: Equatable {
        var first: UInt32 = 0
        var second: UInt32 = 0
    }

    private let file: Int32
    private let pageSize: Int
    private let isBigEndian: Bool
    /// In every frame that was written since the log began anew.
    private let salts: [UInt8]
    private let sums: Sums

    /// - Parameter size: of the file, in bytes.
    /// - Returns: what is wrong with the log, in words; nil if nothing is.
    static func damage(in file: Int32, size: UInt64) throws(SystemError) -> String? {
        // A power failure may take the header of a new log, and nothing is behind it then.
        guard size > headerBytes else { return nil }
        guard let log = try WriteAheadLog(file) else { return "the header of its log is damaged" }
        return try log.brokenFrame(before: size).map { "frame \($0 + 1) of its log is damaged" }
    }

    /// - Returns: nil if it does not begin as a log does.
    private init?(_ file: Int32) throws(SystemError) {
        let header = try FileIO.bytes(of: file, limit: WriteAheadLog.headerBytes)
        guard header.count == WriteAheadLog.headerBytes else { return nil }
        let magic = WriteAheadLog.number(header, at: 0)
        let pageSize = WriteAheadLog.number(header, at: 8)
        guard magic | 1 == WriteAheadLog.magic | 1, WriteAheadLog.number(header, at: 4) == WriteAheadLog.version,
            pageSize.nonzeroBitCount == 1, 512...65_536 ~= pageSize
        else { return nil }
        self.file = file
        self.pageSize = Int(pageSize)  // trap: 65,536 at most
        isBigEndian = magic & 1 == 1
        salts = Array(header[16..<24])
        sums = WriteAheadLog.sums(header, at: 24)
        let found = header.withUnsafeBytes { carry(Sums(), over: UnsafeRawBufferPointer(rebasing: $0[..<24])) }
        guard found == sums else { return nil }
    }

    /// - Returns: the first frame that is broken and has whole transactions behind it.
    private func brokenFrame(before size: UInt64) throws(SystemError) -> Int? {
        var broken: Int?
        var commits = 0
        var before = sums
        let frameBytes = WriteAheadLog.frameHeaderBytes + pageSize  // trap: 65,536 at most
        let frame = UnsafeMutableRawBufferPointer.allocate(byteCount: frameBytes, alignment: 8)
        defer { frame.deallocate() }
        var (index, offset) = (0, UInt64(WriteAheadLog.headerBytes))
        while offset &+ UInt64(frameBytes) <= size {
            guard try FileIO.read(file, into: frame, at: offset) == frameBytes else { break }
            let header = Array(frame[..<WriteAheadLog.frameHeaderBytes])
            let stored = WriteAheadLog.sums(header, at: 16)
            let found = carry(
                carry(before, over: UnsafeRawBufferPointer(rebasing: frame[..<8])),
                over: UnsafeRawBufferPointer(rebasing: frame[WriteAheadLog.frameHeaderBytes...]))
            let isWhole = header[8..<16].elementsEqual(salts) && found == stored
            if !isWhole {
                broken = broken ?? index
                commits = 0
            } else if broken != nil, WriteAheadLog.number(header, at: 4) != 0 {
                commits += 1  // trap: frames that there are
                if commits >= WriteAheadLog.commitsMin { return broken }
            }
            before = stored
            index += 1  // trap: frames that there are
            offset += UInt64(frameBytes)  // trap: no more than the size
        }
        return nil
    }

    /// The sums over bytes, eight at a time, from those over what is before.
    private func carry(_ sums: Sums, over bytes: UnsafeRawBufferPointer) -> Sums {
        var sums = sums
        for position in stride(from: 0, to: bytes.count &- 7, by: 8) {
            sums.first = sums.first &+ word(bytes, at: position) &+ sums.second
            sums.second = sums.second &+ word(bytes, at: position &+ 4) &+ sums.first
        }
        return sums
    }

    private func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)  // trap: of as many bits
    }

    private static func sums(_ bytes: [UInt8], at offset: Int) -> Sums {
        Sums(first: number(bytes, at: offset), second: number(bytes, at: offset + 4))  // trap: in a header
    }

    /// Big-endian, as all numbers of the format.
    private static func number(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        bytes.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }  // trap: a byte
    }
}
