import Content
import Wire

/// A connection between two peers, whichever end opened it. Both directions work alike.
struct PeerSession {
    enum State {
        /// Connected, `hello` not yet seen; messages wait until it is.
        case greeting(deadline: Moment, queued: [Message])
        case open(PeerID)
    }

    var state: State
    /// Where it comes from or was opened to.
    let address: PeerAddress
    let isInbound: Bool
    /// When a message last went either way.
    var used: Moment
    /// The questions asked on it and not answered on it, and when.
    var asked: [UInt32: Moment] = [:]
    /// Chunks asked of us on it and not answered to their end, and those of them that wait for pieces.
    var serving = 0
    var waiting: [WaitingChunk] = []
    /// When the last byte of one was handed to the kernel, which may hold it for long.
    var served: Moment?
    /// Pages of digests asked on it and not answered.
    var pagesAsked = 0
    /// Chunks asked on it, in the order in which they will be answered.
    var chunks: [AskedChunk] = []

    /// Questions that will not be answered if it ends now.
    var unanswered: Set<UInt32> {
        switch state {
        case .greeting(_, let queued): Set(asked.keys).union(queued.questions)
        case .open: Set(asked.keys)
        }
    }

    /// Whether pieces go one way or the other: whatever is said waits for its turn among them.
    /// - Parameter span: how long what the kernel was given may take to arrive.
    func isCarryingPieces(_ now: Moment, within span: Span) -> Bool {
        serving > 0 || !chunks.isEmpty || served.map { $0 + span > now } == true
    }

    var peer: PeerID? {
        switch state {
        case .greeting: nil
        case .open(let peer): peer
        }
    }
}

/// How a connection ended, by which it is decided what becomes of the questions that were asked on it.
enum SessionEnding {
    /// By what the peer did, or it never came about: they count as answered.
    case fault
    /// By itself. It may have been dead for long before a question showed it: whoever was asked on it is asked on another
    /// that there is, and otherwise once on a new one.
    case loss
    /// Closed for our own sake: they are asked anew.
    case choice
}

/// A chunk that was asked and is not answered to its end.
struct AskedChunk: Equatable {
    let download: DownloadID
    /// The first piece as it was asked: names the chunk in `endOfChunk` and `cancel`.
    let first: Int
    let end: Int
    /// The next piece to come.
    var next: Int
    var isCancelled = false
    /// The holder did not have it then: it is behind another in a forest too, or was.
    var isAhead = false
    /// Of a tree's download: the file that the only piece is, in its manifest.
    var file: Int?
}

extension Message {
    /// The number of the question, if it is one.
    var question: UInt32? {
        if case .req(let number, _) = self { number } else { nil }
    }
}

extension Sequence<Message> {
    var questions: [UInt32] { compactMap(\.question) }
}
