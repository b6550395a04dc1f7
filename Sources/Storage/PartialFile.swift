import Content
import Posix

/// A file on its way into the share. Pieces are verified before they are written, in any order.
public final class PartialFile: Sendable {
    public let name: ShareName
    public let root: FileRoot
    public let layout: PieceLayout
    public let layer: [Digest]
    let fileName: String
    let file: OpenFile

    init(name: ShareName, root: FileRoot, layout: PieceLayout, layer: [Digest], fileName: String, file: OpenFile) {
        self.name = name
        self.root = root
        self.layout = layout
        self.layer = layer
        self.fileName = fileName
        self.file = file
    }

    /// Makes durable what was stored before.
    public func sync() throws(SystemError) { try FileIO.sync(file.rawValue) }

    /// Verifies a piece and writes it.
    /// - Returns: false if it is not this piece, by its length or its digest; then nothing was written.
    public func store(_ bytes: UnsafeRawBufferPointer, index: Int, with bench: HashBench) throws(SystemError) -> Bool {
        guard layer.indices.contains(index), bytes.count == layout.size(of: index),
            bench.digest(of: bytes, index: index, layout) == layer[index]
        else { return false }
        do throws(SystemError) {
            try FileIO.write(file.rawValue, bytes, at: layout.offset(of: index))
        } catch {
            throw SystemError("write piece \(index) of \(name) to", on: file.path, code: error.code)
        }
        return true
    }
}
