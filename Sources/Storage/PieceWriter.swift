import Content
import Posix

/// Puts pieces into a file, each verified before a byte of it is written.
struct PieceWriter: Sendable {
    let name: ShareName
    let layout: PieceLayout
    let layer: [Digest]
    let file: OpenFile

    /// - Returns: false if it is not this piece, by its length or its digest; then nothing was written.
    func store(_ bytes: UnsafeRawBufferPointer, index: Int, with bench: HashBench) throws(SystemError) -> Bool {
        guard isRight(bytes, index: index, with: bench) else { return false }
        try write(bytes, index: index)
        return true
    }

    /// Whether these bytes are the piece, by their length and their digest.
    func isRight(_ bytes: UnsafeRawBufferPointer, index: Int, with bench: HashBench) -> Bool {
        layer.indices.contains(index) && bytes.count == layout.size(of: index)
            && bench.digest(of: bytes, index: index, layout) == layer[index]
    }

    /// Writes a piece that is right.
    func write(_ bytes: UnsafeRawBufferPointer, index: Int) throws(SystemError) {
        do throws(SystemError) {
            try FileIO.write(file.rawValue, bytes, at: layout.offset(of: index))
        } catch {
            throw SystemError("write piece \(index) of \(name) to", on: file.path, code: error.code)
        }
    }
}
