import Content

/// What the choice of the next file goes by, beside the plan's places.
///
/// - Nobody else fetches the tree: whatever waits, in order.
/// - Others do: each file is the part of one of the fetchers (`Crowd`). A holder of the tree is asked for this peer's part,
///   a fellow for its own, which it has when it has put it into its share. Until then it says that the file is gone:
///   that costs it a short pause, in which it is asked for nothing, and then for a few files until one comes.
/// - Nothing has come from the fellows for a while: holders are asked for their parts too, one file first, and for one
///   more with each that comes.
/// - No holder is there: fellows are asked for whatever waits, in turn.
struct TreeChoice {
    /// Files that a lane may have in flight: half of what the far end takes.
    fileprivate static let filesAheadMax = 256
    /// Of a fellow that had nothing the last time.
    fileprivate static let filesProbed = 8
    /// Bytes that a lane may have in flight: at first, and at the most.
    fileprivate static let bytesAheadFirst = 128 << 10
    fileprivate static let bytesAheadMax = 4 << 20
    /// What is in flight is worth so long at the measured rate.
    fileprivate static let aheadSeconds = 0.25
    /// A holder is asked for a file of another that has brought next to nothing for so long: one that has brought
    /// something itself, and one that has not. Files of a short tree all come before any rate is known.
    fileprivate static let triedPatience = Span.milliseconds(20)
    fileprivate static let untriedPatience = Span.milliseconds(250)
    /// Fellows make files durable four times a second, and are asked about as often: when nothing has come of them for so
    /// long, and for as long as a few files take from a holder, their parts are anybody's.
    fileprivate static let patience = Span.seconds(1)
    fileprivate static let patientFiles = 3.0
    /// After a fellow had nothing: doubled each time, up to the longest.
    private static let pauseFirst = Span.milliseconds(250)
    private static let pauseDoublings = 2

    /// How often a fellow has had nothing, one time after the other, and when it is asked again.
    private struct Misses {
        var count: Int
        var resumesAt: Moment
    }

    private var misses: [ConnectionID: Misses] = [:]
    /// Before this nothing waits that is for a lane.
    private var cursors: [ConnectionID: Int] = [:]
    /// Where a fellow's next turn round the tree goes on.
    private var turns: [ConnectionID: Int] = [:]
    /// When a fellow last brought a file, or came or went.
    private(set) var stirred: Moment
    /// Files of others' parts that holders have brought since then.
    private(set) var unaided = 0

    init(now: Moment) { stirred = now }

    /// The fetchers are others than they were.
    mutating func divided(now: Moment) {
        cursors = [:]
        stir(now)
    }

    private mutating func stir(_ now: Moment) {
        stirred = now
        unaided = 0
    }

    mutating func forget(_ connection: ConnectionID) {
        misses[connection] = nil
        cursors[connection] = nil
        turns[connection] = nil
    }

    mutating func gaveBack(_ file: Int) {
        for (connection, cursor) in cursors where cursor > file { cursors[connection] = file }
    }

    mutating func brought(on connection: ConnectionID, isFellow: Bool, isForeign: Bool, now: Moment) {
        if isFellow {
            misses[connection] = nil
            stir(now)
        } else if isForeign {
            unaided += 1
        }
    }

    /// A fellow did not have what it was asked for. What was asked together with it says nothing more.
    mutating func missed(on connection: ConnectionID, now: Moment) {
        let known = misses[connection] ?? Misses(count: 0, resumesAt: now)
        guard known.resumesAt <= now else { return }
        let doublings = UInt64(min(known.count, TreeChoice.pauseDoublings))
        let pause = Span(nanoseconds: TreeChoice.pauseFirst.nanoseconds << doublings)
        misses[connection] = Misses(count: known.count + 1, resumesAt: now + pause)
    }

    func isPausing(_ connection: ConnectionID, now: Moment) -> Bool {
        misses[connection].map { $0.resumesAt > now } ?? false
    }

    func isProbing(_ connection: ConnectionID) -> Bool { misses[connection] != nil }

    fileprivate func cursor(_ connection: ConnectionID) -> Int { cursors[connection] ?? 0 }

    fileprivate mutating func move(_ connection: ConnectionID, to file: Int) { cursors[connection] = file }

    fileprivate func turn(_ connection: ConnectionID) -> Int { turns[connection] ?? 0 }

    fileprivate mutating func turn(_ connection: ConnectionID, to file: Int) { turns[connection] = file }
}

extension TreePlan {
    /// Files to ask of a holder or fellow now, in this order.
    /// - Parameter room: how many more chunks may be asked on the connection.
    mutating func ask(_ connection: ConnectionID, room: Int = .max, now: Moment) -> [Int] {
        guard let lane = lanes[connection], lane.resumesAt <= now, !choice.isPausing(connection, now: now) else {
            return []
        }
        let window = TreePlan.window(lane)
        let filesMax = choice.isProbing(connection) ? TreeChoice.filesProbed : TreeChoice.filesAheadMax
        // Half a window at a time: many requests in a packet, and many answers.
        guard lane.inFlight.count <= filesMax / 2, bytesAhead[connection] ?? 0 <= window / 2 else { return [] }
        var asked: [Int] = []
        let count = min(room, filesMax - lane.inFlight.count)
        while asked.count < count, bytesAhead[connection] ?? 0 < window, let file = next(for: connection, now: now) {
            fly(file, on: connection, now: now)
            asked.append(file)
        }
        if asked.isEmpty, room > 0, !lane.isOwing, let file = double(for: connection, now: now) {
            fly(file, on: connection, now: now)
            asked.append(file)
        }
        return asked
    }

    private static func window(_ lane: Lane) -> Int {
        max(
            TreeChoice.bytesAheadFirst,
            Int(min(lane.rate * TreeChoice.aheadSeconds, Double(TreeChoice.bytesAheadMax))))
    }

    private mutating func next(for connection: ConnectionID, now: Moment) -> Int? {
        if let fellow = fellows[connection] {
            return hasHolder ? nextPart(of: fellow, for: connection) : nextInTurn(for: connection)
        }
        if let own = nextPart(of: crowd.isEmpty ? nil : crowd.id, for: connection) { return own }
        guard !crowd.isEmpty, let lane = lanes[connection], lane.inFlight.count <= choice.unaided,
            let file = firstWaiting(for: connection), !isPatient(with: lane, file, now: now)
        else { return nil }
        return file
    }

    /// - Parameter owner: whose part it is to be; nil for anybody's.
    private mutating func nextPart(of owner: PeerID?, for connection: ConnectionID) -> Int? {
        var position = choice.cursor(connection)
        var foremost = Int.max
        while let file = waiting.next(from: position) {
            position = file + 1
            guard owner == nil || crowd.owner(of: file) == owner else { continue }
            foremost = min(foremost, file)
            guard lacking[file]?.contains(connection) != true else { continue }
            choice.move(connection, to: foremost)
            return file
        }
        choice.move(connection, to: foremost)
        return nil
    }

    /// Round the tree: whatever one that fetches it as well had not the last time comes last.
    private mutating func nextInTurn(for connection: ConnectionID) -> Int? {
        guard let file = waiting.next(from: choice.turn(connection)) ?? waiting.next(from: 0) else { return nil }
        choice.turn(connection, to: file + 1)
        return file
    }

    private func firstWaiting(for connection: ConnectionID) -> Int? {
        var position = 0
        while let file = waiting.next(from: position) {
            if lacking[file]?.contains(connection) != true { return file }
            position = file + 1
        }
        return nil
    }

    /// Whether what is left is left to the fellows. They bring nothing before it was sent to them, and a holder sends to
    /// all of us alike.
    private func isPatient(with lane: Lane, _ file: Int, now: Moment) -> Bool {
        let seconds = lane.rate > 0 ? TreeChoice.patientFiles * Double(size(of: file)) / lane.rate : 0
        return (now - choice.stirred).seconds < max(TreeChoice.patience.seconds, seconds)
    }

    /// Whether a holder that was asked for a file should rather send others: it is a fellow's part.
    func isForeign(_ file: Int) -> Bool { !crowd.owns(file) }

    // MARK: The end

    /// At the very end: the last file of the lane that will be longest about its own, if this one would be faster.
    private func double(for connection: ConnectionID, now: Moment) -> Int? {
        guard fellows[connection] == nil, let lane = lanes[connection] else { return nil }
        var latest: (file: Int, seconds: Double, steady: Moment)?
        for (other, slow) in lanes where other != connection && slow.isOwing {
            let seconds = secondsLeft(other, now: now)
            let candidates = (slow.receiving.map { [$0] } ?? []) + slow.inFlight
            let file = candidates.last {
                flights[$0] == 1 && judged[$0] == nil && !staged.contains($0)
                    && lacking[$0]?.contains(connection) != true
            }
            if let file, latest.map({ seconds > $0.seconds }) ?? true { latest = (file, seconds, slow.steady) }
        }
        guard let (file, seconds, steady) = latest else { return nil }
        // One whose rate is not known is worth a try when the other has had its time.
        let patience = lane.hasBrought ? TreeChoice.triedPatience : TreeChoice.untriedPatience
        let isFaster =
            lane.rate > 0 ? seconds > 2 * Double(size(of: file)) / lane.rate : steady + patience <= now
        guard isFaster else { return nil }
        return crowd.isEmpty || !isPatient(with: lane, file, now: now) ? file : nil
    }

    private func secondsLeft(_ connection: ConnectionID, now: Moment) -> Double {
        guard let lane = lanes[connection] else { return 0 }
        let receiving = lane.receiving.map { size(of: $0) } ?? 0
        return Double((bytesAhead[connection] ?? 0) + receiving) / max(lane.pace(now), 1)
    }
}
