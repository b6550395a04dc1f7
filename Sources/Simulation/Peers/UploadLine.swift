import Content
import PeerCore
import Wire

/// Chunks to send on one connection, in the order in which they were asked.
struct UploadLine {
    struct Chunk {
        /// nil: there is nothing to send, only to say so.
        let source: ServeSource?
        let root: FileRoot
        let first: Int
        let end: Int
        var next: Int
        var isCancelled = false
        /// The file is not there any more.
        var isGone = false
        /// A piece that was under way meanwhile came out wrong.
        var isSpoiled = false

        init(_ source: ServeSource, _ root: FileRoot, _ pieces: Range<Int>) {
            self.source = source
            self.root = root
            first = pieces.lowerBound
            end = pieces.upperBound
            next = first
        }

        init(nothingFrom first: Int, _ ending: ChunkEnd) {
            source = nil
            root = .empty
            self.first = first
            end = first
            next = first
            isGone = ending == .gone
            isCancelled = !isGone
        }
    }

    var chunks: [Chunk] = []
    /// Bytes of the piece that is going out.
    var left = 0
    var contents: Contents?

    mutating func cancel(_ root: FileRoot, first: Int) {
        guard let position = chunks.firstIndex(where: { $0.root == root && $0.first == first && !$0.isCancelled })
        else { return }
        chunks[position].isCancelled = true
    }
}
