import Content

/// The caps and times of serving.
struct UploadPolicy: Sendable {
    /// Peers served at one time: enough to fill a link though some are slow, few enough that each gets whole
    /// pieces soon.
    var slots: Int
    /// A limit under which each slot would get less leaves fewer slots: a requester gives up whoever sends it less than
    /// 32 KiB in 30 s.
    var slotBytesPerSecondMin: UInt64 = 2 << 10
    /// Bytes that a requester gets before the next in line, if one waits, at most: as much as is read ahead at once, and
    /// no less than the largest piece.
    var turnBytesMax = 4 << 20
    /// Where less goes out in that time, a turn is worth less, so that the line moves on: down to the smallest full
    /// piece.
    var turnSpan = Span.seconds(1)
    var turnBytesMin = 1 << 20
    /// What a piece is worth at least: to open, look and answer costs something too, and whoever asks for a byte at a time
    /// must not keep its turn for ever.
    var pieceBytesMin = 64 << 10
    /// Requesters that wait in line, at most; the next is told when to come back.
    var waitingMax = Caps.Peer.peersInLine
    /// A requester that has waited so long is told when to come back: who hears nothing for 5 s takes its holder for
    /// dead.
    var patience = Span.seconds(3)
    /// A connection that has waited so long for another one of its peer is served beside it, for the same reason.
    var behindMax = Span.seconds(1)
    /// A served connection whose other end takes nothing for so long, while its socket is full, loses its slot: longer than
    /// most round trips, and short, as that many who do not read hold all slots for so long before the next are tried.
    var stuck = Span.milliseconds(300)
    /// One that does not get through its turn in so long loses it too, unless our own limit is the reason: whoever reads
    /// a byte now and then cannot hold a slot.
    var turnMax = Span.seconds(10)
    /// Between two looks at those who wait and at the slots.
    var sweep = Span.milliseconds(100)
    /// Between two readings of the rate at which all is sent.
    var measure = Span.milliseconds(500)
    /// After so long without one the time between does not count.
    var measureAgain = Span.seconds(1)
    /// What a busy peer asks for, at least and at most: whoever waits 30 s for a byte has come back a few times by then.
    var retryMin = Span.milliseconds(500)
    var retryMax = Span.seconds(8)
    /// The same, before any rate has been measured.
    var retryUnknown = Span.seconds(1)
    /// Pieces that a worker reads ahead when the next one is not in memory.
    var piecesWarmed = 4

    init(slots: Int) {
        self.slots = slots
    }

    /// Served at once where turns would take longer than anybody waits for one: the limit divides what there is.
    var slotsWhereSlow = 16

    /// - Parameter rate: of all uploads together, if it is limited.
    func slots(at rate: ByteRate?) -> Int {
        guard let rate else { return slots }
        let turn = Double(turnBytesMin) * Double(slots) / Double(max(1, rate.bytesPerSecond))
        let most = turn > patience.seconds ? max(slots, slotsWhereSlow) : slots
        return max(1, min(most, Int(clamping: rate.bytesPerSecond / slotBytesPerSecondMin)))
    }

    /// - Parameter bytesPerSecond: of all uploads together, if it is known.
    func turnBytes(at bytesPerSecond: Double?) -> Int {
        guard let bytesPerSecond else { return turnBytesMax }
        return max(turnBytesMin, Int(min(bytesPerSecond * turnSpan.seconds, Double(turnBytesMax))))
    }
}
