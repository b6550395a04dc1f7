import Content

/// Which file of a tree comes from which holder, for files of one piece: they are asked for whole, many at a time.
///
/// Every file that is missing is in one place: waiting; in flight on a lane, on two at the very end; being judged; staged
/// on the disk; finished; or lost, when every holder said that it has it no more.
struct TreePlan {
    /// Files that a lane may have in flight: half of what the far end takes.
    private static let filesAheadMax = 256
    /// Bytes that a lane may have in flight: at first, and at the most.
    private static let bytesAheadFirst = 128 << 10
    private static let bytesAheadMax = 4 << 20
    /// What is in flight is worth so long at the measured rate.
    private static let aheadSeconds = 0.25

    private let manifest: Manifest
    /// In the manifest's order, so that they are written in the order of their directories.
    private let files: [Int32]
    private var next = 0
    /// Given back, or failed at a holder.
    private var returned: [Int] = []
    /// On how many lanes a file is in flight or coming in.
    private var flights: [Int: Int] = [:]
    /// Copies received whole and not judged yet.
    private var judged: [Int: Int] = [:]
    private var staged: Set<Int> = []
    private var finished: PieceSet
    /// Lanes that do not have a file, by file.
    private var lacking: [Int: Set<ConnectionID>] = [:]
    private var lost: [Int] = []
    private(set) var lanes: [ConnectionID: Lane] = [:]
    /// Bytes in flight on each lane.
    private var bytesAhead: [ConnectionID: Int] = [:]

    /// - Parameter files: of one piece each, in order.
    init(_ manifest: Manifest, files: [Int32]) {
        self.manifest = manifest
        self.files = files
        finished = PieceSet(pieceCount: manifest.count)
    }

    /// Nothing more is to come of any holder. A second copy that is still coming in does not count.
    var isDrained: Bool { finished.count + staged.count + lost.count == files.count }

    /// Every file is finished, or given up.
    var isDone: Bool { finished.count == files.count }

    // MARK: Lanes

    mutating func add(_ connection: ConnectionID, now: Moment) {
        guard lanes[connection] == nil else { return }
        lanes[connection] = Lane(holding: .all, now: now)
        // It may have them.
        returned += lost
        lost = []
    }

    mutating func remove(_ connection: ConnectionID) {
        guard let lane = lanes.removeValue(forKey: connection) else { return }
        bytesAhead[connection] = nil
        for file in lacking.keys { lacking[file]?.remove(connection) }
        for file in lane.inFlight { landed(file) }
        if let receiving = lane.receiving { landed(receiving) }
        loseWhatNobodyHas()
    }

    mutating func postpone(_ connection: ConnectionID, until moment: Moment) {
        lanes[connection]?.resumesAt = moment
    }

    /// What was asked of the same connection before has come: now it owes these files.
    mutating func turned(to connection: ConnectionID, now: Moment) {
        lanes[connection]?.owes(since: now)
    }

    // MARK: Asking

    /// Files to ask of a holder now, in this order.
    /// - Parameter room: how many more chunks may be asked on the connection.
    mutating func ask(_ connection: ConnectionID, room: Int = .max, now: Moment) -> [Int] {
        guard let lane = lanes[connection], lane.resumesAt <= now else { return [] }
        let window = TreePlan.window(lane)
        var bytes = bytesAhead[connection] ?? 0
        // Half a window at a time: many requests in a packet, and many answers.
        guard lane.inFlight.count <= TreePlan.filesAheadMax / 2, bytes <= window / 2 else { return [] }
        var asked: [Int] = []
        let count = min(room, TreePlan.filesAheadMax - lane.inFlight.count)
        while asked.count < count, bytes < window, let file = take(connection) {
            bytes += size(of: file)
            asked.append(file)
        }
        if asked.isEmpty, room > 0, !lane.isOwing, let file = double(for: connection) {
            bytes += size(of: file)
            asked.append(file)
        }
        for file in asked {
            flights[file, default: 0] += 1
            lanes[connection]?.asked(file..<file + 1, now: now)
        }
        bytesAhead[connection] = bytes
        return asked
    }

    private static func window(_ lane: Lane) -> Int {
        max(bytesAheadFirst, Int(min(lane.rate * aheadSeconds, Double(bytesAheadMax))))
    }

    private mutating func take(_ connection: ConnectionID) -> Int? {
        if let position = returned.lastIndex(where: { lacking[$0]?.contains(connection) != true }) {
            return returned.remove(at: position)
        }
        guard next < files.count else { return nil }
        defer { next += 1 }
        return Int(files[next])
    }

    /// At the very end: the last file of the lane that will be longest about its own, if this one would be faster.
    private func double(for connection: ConnectionID) -> Int? {
        let others = lanes.keys.filter { $0 != connection && lanes[$0]?.isOwing == true }
        guard let slow = others.max(by: { secondsLeft($0) < secondsLeft($1) }), let lane = lanes[slow] else {
            return nil
        }
        let candidates = (lane.receiving.map { [$0] } ?? []) + lane.inFlight
        guard let file = candidates.last(where: { flights[$0] == 1 && judged[$0] == nil && !staged.contains($0) }),
            lacking[file]?.contains(connection) != true, let rate = lanes[connection]?.rate,
            secondsLeft(slow) > 2 * Double(size(of: file)) / max(rate, 1)
        else { return nil }
        return file
    }

    private func secondsLeft(_ connection: ConnectionID) -> Double {
        guard let lane = lanes[connection] else { return 0 }
        let receiving = lane.receiving.map { size(of: $0) } ?? 0
        return Double((bytesAhead[connection] ?? 0) + receiving) / max(lane.rate, 1)
    }

    private func size(of file: Int) -> Int { Int(manifest.length(at: file) ?? 0) }

    // MARK: Coming in

    enum Arrival {
        case wanted
        /// It has come from another holder already.
        case late
    }

    /// A file's bytes begin.
    mutating func began(_ file: Int, on connection: ConnectionID, now: Moment) -> Arrival {
        guard takeOff(file, connection) else { return .late }
        lanes[connection]?.lastByte = now
        lanes[connection]?.receiving = file
        lanes[connection]?.awaitsBuffer = true
        return .wanted
    }

    /// - Returns: false if it is not in flight there.
    private mutating func takeOff(_ file: Int, _ connection: ConnectionID) -> Bool {
        guard let position = lanes[connection]?.inFlight.firstIndex(of: file) else { return false }
        lanes[connection]?.inFlight.remove(at: position)
        bytesAhead[connection, default: 0] -= size(of: file)
        return true
    }

    mutating func bufferGranted(_ connection: ConnectionID, now: Moment) {
        lanes[connection]?.awaitsBuffer = false
        lanes[connection]?.owes(since: now)
    }

    mutating func progressed(_ connection: ConnectionID, bytes: Int, now: Moment) {
        lanes[connection]?.progressed(bytes, now: now)
    }

    /// A file is in whole, and with a worker.
    /// - Returns: lanes on which the same file is still to come, and need not.
    mutating func received(on connection: ConnectionID) -> [ConnectionID] {
        guard let file = lanes[connection]?.receiving else { return [] }
        lanes[connection]?.receiving = nil
        judged[file, default: 0] += 1
        flights[file] = flights[file].flatMap { $0 > 1 ? $0 - 1 : nil }
        return flights[file] == nil ? [] : lanes.keys.filter { lanes[$0]?.inFlight.contains(file) == true }
    }

    /// A holder will not send a file that was asked of it.
    /// - Parameter isGone: it does not have it.
    mutating func released(_ file: Int, from connection: ConnectionID, isGone: Bool) {
        guard takeOff(file, connection) else { return }
        if isGone { lacking[file, default: []].insert(connection) }
        landed(file)
        if isGone { loseWhatNobodyHas() }
    }

    /// A lane does not bring a file after all.
    private mutating func landed(_ file: Int) {
        guard let count = flights[file] else { return }
        flights[file] = count > 1 ? count - 1 : nil
        giveBackIfMissing(file)
    }

    private mutating func giveBackIfMissing(_ file: Int) {
        guard flights[file] == nil, judged[file] == nil, !staged.contains(file), !finished.contains(file) else {
            return
        }
        returned.append(file)
    }

    // MARK: The end of a file

    /// What came was right, and is written.
    /// - Returns: whether it is the first copy.
    mutating func stored(_ file: Int) -> Bool {
        judge(file)
        return !finished.contains(file) && staged.insert(file).inserted
    }

    /// What came was wrong, or was not written: unless another copy counts, the file is to be fetched again.
    mutating func failed(_ file: Int) {
        judge(file)
        giveBackIfMissing(file)
    }

    private mutating func judge(_ file: Int) {
        judged[file] = judged[file].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    /// It is in the share, or cannot be for a reason that does not pass.
    mutating func finish(_ file: Int) {
        staged.remove(file)
        finished.insert(file)
    }

    /// It is not fetched here any more.
    mutating func giveUp(_ file: Int) {
        returned.removeAll { $0 == file }
        finished.insert(file)
    }

    // MARK: Lost files

    /// Files that no holder has, to be looked for elsewhere.
    mutating func takeLost() -> [Int] {
        defer { lost = [] }
        for file in lost { finished.insert(file) }
        return lost
    }

    /// Without holders nobody has said that it is gone.
    private mutating func loseWhatNobodyHas() {
        guard !lanes.isEmpty else { return }
        let gone = Set(
            returned.filter { file in
                lacking[file].map { lacking in lanes.keys.allSatisfy { lacking.contains($0) } } ?? false
            })
        guard !gone.isEmpty else { return }
        returned.removeAll { gone.contains($0) }
        lost += gone.sorted()
    }
}
