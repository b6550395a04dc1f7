import Content
import FoundationEssentials
import GRDB

/// Values of ours as SQLite's, and back. Unsigned numbers are kept as the signed ones of the same bits.
extension Row {
    func integer(_ column: Int) throws -> Int64 { try decode(Int64.self, atIndex: column) }

    func unsigned(_ column: Int) throws -> UInt64 { UInt64(bitPattern: try integer(column)) }

    func flag(_ column: Int) throws -> Bool { try integer(column) != 0 }

    func text(_ column: Int) throws -> String { try decode(String.self, atIndex: column) }

    /// - Returns: nil for what is no digest.
    func digest(_ column: Int) throws -> Digest? {
        try withUnsafeData(atIndex: column) { data in data?.withUnsafeBytes { Digest($0) } }
    }

    func bytes(_ column: Int) throws -> [UInt8] {
        try withUnsafeData(atIndex: column) { data in data.map { Array($0) } ?? [] }
    }

    /// - Returns: nil for what is no row of digests.
    func digests(_ column: Int) throws -> [Digest]? {
        try withUnsafeData(atIndex: column) { data in
            guard let data, data.count.isMultiple(of: Digest.byteCount) else { return nil }
            return data.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap { start in
                    // trap: whole digests
                    Digest(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Digest.byteCount]))
                }
            }
        }
    }
}

extension UInt64 {
    var column: Int64 { Int64(bitPattern: self) }
}

extension Bool {
    var column: Int64 { self ? 1 : 0 }
}

extension Digest {
    var column: Data { withUnsafeBytes { Data($0) } }
}

extension [Digest] {
    var column: Data { withUnsafeBytes { Data($0) } }
}
