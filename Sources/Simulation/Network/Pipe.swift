import Content
import PeerCore
import Wire

/// A connection between two nodes: what is sent at one end comes out at the other in the same order, later.
final class Pipe {
    /// 0 is the end that dialed.
    typealias Side = Int

    struct End {
        let life: Life
        let connection: ConnectionID
        var isOpen = false
    }

    let serial: Int
    var ends: [End]
    /// From each end to the other.
    var streams = [Stream(), Stream()]

    init(serial: Int, dialer: End, listener: End) {
        self.serial = serial
        ends = [dialer, listener]
    }
}

/// One direction of a pipe.
struct Stream {
    enum Item {
        case message(Message)
        case encoded([UInt8])
        /// Bytes of the piece that was announced last.
        case bytes(Int, Contents)
        case end(reason: String)
    }

    /// What the receiving end does with the bytes of the piece that was announced last.
    enum Intake {
        case none
        case piece(DownloadID, index: Int, left: Int)
        case discarding(left: Int)
    }

    /// In the order in which they come out.
    private var items: [(due: Moment, item: Item)] = []
    private var head = 0
    private(set) var lastDue = Moment(nanoseconds: 0)
    /// An arrival is planned.
    var isPlanned = false
    /// The receiving end waits for a buffer and reads nothing.
    var isStopped = false
    /// Nothing comes through: since when.
    var stuck: Moment?
    var intake = Intake.none
    /// The sending end is in the middle of a piece: other frames wait.
    var isMidPiece = false
    var waiting: [Item] = []

    var next: Moment? { head < items.count ? items[head].due : nil }

    mutating func append(_ item: Item, due: Moment) {
        lastDue = max(lastDue, due)
        items.append((lastDue, item))
    }

    mutating func hold(until moment: Moment) { lastDue = max(lastDue, moment) }

    /// What is on its way is lost.
    mutating func drop() {
        items = []
        head = 0
        waiting = []
    }

    mutating func pop(until now: Moment) -> Item? {
        guard head < items.count, items[head].due <= now else { return nil }
        defer {
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
            }
        }
        return items[head].item
    }
}

/// What the bytes of a piece are, in place of the bytes.
struct Contents {
    let root: FileRoot
    let index: Int
    let isRight: Bool
}
