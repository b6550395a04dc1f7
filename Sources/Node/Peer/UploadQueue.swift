import Content
import DequeModule
import Wire

/// The chunks that one connection has asked for, in order, and how far the first is.
struct UploadQueue {
    /// One chunk.
    struct Upload {
        /// nil: nothing of it will be sent.
        let file: (name: ShareName, root: FileRoot, layout: PieceLayout)?
        let first: Int
        let end: Int
        var next: Int
        var isCancelled = false
    }

    var uploads: Deque<Upload> = []
    /// A worker is opening the file, or reading it ahead.
    var isWaiting = false
    /// A worker has just read ahead.
    var isWarm = false

    mutating func cancel(_ root: FileRoot, first: Int) {
        for index in uploads.indices where uploads[index].first == first && uploads[index].file?.root == root {
            uploads[index].isCancelled = true
        }
    }

    func uses(_ name: ShareName) -> Bool { uploads.contains { $0.file?.name == name } }
}
