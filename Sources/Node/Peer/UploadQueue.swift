import Content
import DequeModule
import PeerCore
import Wire

/// The chunks that one connection has asked for, in order, and how far the first is.
struct UploadQueue {
    struct File {
        let source: ServeSource
        let root: FileRoot
        let layout: PieceLayout
    }

    /// One chunk.
    struct Upload {
        /// nil: nothing of it will be sent.
        let file: File?
        let first: Int
        let end: Int
        var next: Int
        var isCancelled = false
        /// What its pieces are read from, once one was sent.
        var served: ServedFile?

        /// How it ends without a further piece; nil if there is one to send.
        var ending: Ending.Kind? {
            if isCancelled { return .end(.cancelled) }
            if file == nil { return .end(.gone) }
            return next == end ? .end(.complete) : nil
        }
    }

    /// A chunk of which no further piece will be queued; its end is said when those queued have gone out.
    struct Ending {
        enum Kind: Equatable {
            case end(ChunkEnd)
            case busy(retryAfter: UInt32)
        }

        let upload: Upload
        let kind: Kind
    }

    var uploads: Deque<Upload> = []
    var endings: Deque<Ending> = []
    /// A worker is opening the file, or reading it ahead.
    var isWaiting = false
    /// A worker has just read ahead.
    var isWarm = false

    mutating func cancel(_ root: FileRoot, first: Int) {
        for index in uploads.indices where uploads[index].first == first && uploads[index].file?.root == root {
            uploads[index].isCancelled = true
        }
    }

    /// Nothing more comes of that source: its chunks end where they are.
    /// - Returns: how many uses of it that were.
    mutating func refuse(_ source: ServeSource) -> Int {
        var count = 0
        for index in uploads.indices where uploads[index].file?.source == source {
            let upload = uploads[index]
            uploads[index] = .init(
                file: nil, first: upload.first, end: upload.end, next: upload.next, served: upload.served)
            count += 1
        }
        return count
    }
}
