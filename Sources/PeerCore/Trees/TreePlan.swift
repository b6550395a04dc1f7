import Content

/// Which file of a tree comes from which holder, for files of one piece: they are asked for whole, many at a time.
///
/// Every file that is missing is in one place: waiting; in flight on a lane, on two at the very end; being judged; staged
/// on the disk; finished; or lost, when every holder of the tree said that it has it no more. Which of the waiting files
/// a lane is asked for is said in TreeChoice.swift. Some lanes lead to holders of the tree, others to fellows: peers that
/// fetch it as well, and have a file when they have put it into their share.
struct TreePlan {
    private let manifest: Manifest
    /// Files of one piece that were missing.
    private let count: Int
    /// Nobody is being asked for them. Taken in the manifest's order, so that they are written in the order of their
    /// directories.
    private(set) var waiting: PieceSet
    /// On how many lanes a file is in flight or coming in.
    private(set) var flights: [Int: Int] = [:]
    /// Copies received whole and not judged yet.
    private(set) var judged: [Int: Int] = [:]
    private(set) var staged: Set<Int> = []
    private var finished: PieceSet
    /// Lanes to holders that do not have a file, by file.
    private(set) var lacking: [Int: Set<ConnectionID>] = [:]
    private var lost: [Int] = []
    private(set) var lanes: [ConnectionID: Lane] = [:]
    /// Bytes in flight on each lane.
    private(set) var bytesAhead: [ConnectionID: Int] = [:]
    /// Who else fetches the tree, by lane.
    private(set) var fellows: [ConnectionID: PeerID] = [:]
    /// Whose part of the work each file is.
    private(set) var crowd: Crowd
    var choice: TreeChoice

    /// - Parameters:
    ///   - id: this peer's, which decides its part of what a crowd fetches.
    ///   - files: of one piece each, in order.
    init(_ manifest: Manifest, id: PeerID, files: [Int32], now: Moment) {
        self.manifest = manifest
        count = files.count
        waiting = PieceSet(pieceCount: manifest.count)
        for file in files { waiting.insert(Int(file)) }
        finished = PieceSet(pieceCount: manifest.count)
        crowd = Crowd(id: id, pieceCount: manifest.count)
        choice = TreeChoice(now: now)
    }

    /// Nothing more is to come of any holder. A second copy that is still coming in does not count.
    var isDrained: Bool { finished.count + staged.count + lost.count == count }

    /// Every file is finished, or given up.
    var isDone: Bool { finished.count == count }

    /// Some are with a worker.
    var isJudging: Bool { !judged.isEmpty }

    func isJudged(_ file: Int) -> Bool { judged[file] != nil }

    /// Some lane leads to a holder of the whole tree.
    var hasHolder: Bool { fellows.count < lanes.count }

    func size(of file: Int) -> Int { Int(manifest.length(at: file) ?? 0) }

    // MARK: Lanes

    /// - Parameter fellow: who it is, if it fetches the tree as well and does not have all of it.
    mutating func add(_ connection: ConnectionID, fellow: PeerID? = nil, now: Moment) {
        guard lanes[connection] == nil else { return }
        lanes[connection] = Lane(holding: .all, now: now)
        if let fellow {
            fellows[connection] = fellow
            if crowd.insert(fellow) { choice.divided(now: now) }
        } else {
            findLost()
        }
    }

    /// A fellow has all of the tree now.
    mutating func completed(_ connection: ConnectionID, now: Moment) {
        guard let fellow = fellows.removeValue(forKey: connection) else { return }
        crowd.remove(fellow)
        choice.divided(now: now)
        choice.forget(connection)
        findLost()
    }

    /// A holder that comes may have them.
    private mutating func findLost() {
        for file in lost { giveBack(file) }
        lost = []
    }

    mutating func remove(_ connection: ConnectionID, now: Moment) {
        guard let lane = lanes.removeValue(forKey: connection) else { return }
        bytesAhead[connection] = nil
        choice.forget(connection)
        if let fellow = fellows.removeValue(forKey: connection) {
            crowd.remove(fellow)
            choice.divided(now: now)
        }
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

    /// A file is asked of a lane.
    mutating func fly(_ file: Int, on connection: ConnectionID, now: Moment) {
        waiting.remove(file)
        flights[file, default: 0] += 1
        bytesAhead[connection, default: 0] += size(of: file)
        lanes[connection]?.asked(file..<file + 1, now: now)
    }

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
        choice.brought(on: connection, isFellow: fellows[connection] != nil, isForeign: !crowd.owns(file), now: now)
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
        lanes[connection]?.bufferGranted(now)
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

    /// The file that is coming in will not become whole.
    mutating func passedOver(on connection: ConnectionID) {
        guard let file = lanes[connection]?.receiving else { return }
        lanes[connection]?.receiving = nil
        lanes[connection]?.awaitsBuffer = false
        landed(file)
    }

    /// A holder will not send a file that was asked of it.
    /// - Parameter isGone: it does not have it. A fellow may have it soon.
    mutating func released(_ file: Int, from connection: ConnectionID, isGone: Bool, now: Moment) {
        guard takeOff(file, connection) else { return }
        guard isGone else { return landed(file) }
        if fellows[connection] != nil {
            landed(file)
            return choice.missed(on: connection, now: now)
        }
        lacking[file, default: []].insert(connection)
        landed(file)
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
        giveBack(file)
        if let without = lacking[file], nobodyHas(file, without, holders) { lose([file]) }
    }

    private mutating func giveBack(_ file: Int) {
        waiting.insert(file)
        choice.gaveBack(file)
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

    /// Another file came than was asked for: this holder is not asked for it again.
    mutating func wrong(_ file: Int, from connection: ConnectionID) {
        judge(file)
        lack(file, on: connection)
    }

    /// The holder that a lane leads to does not have a file as it should be.
    mutating func lack(_ file: Int, on connection: ConnectionID) {
        if lanes[connection] != nil { lacking[file, default: []].insert(connection) }
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
        waiting.remove(file)
        finished.insert(file)
    }

    // MARK: Lost files

    /// Files that no holder has, to be looked for elsewhere.
    mutating func takeLost() -> [Int] {
        defer { lost = [] }
        for file in lost { finished.insert(file) }
        return lost
    }

    /// A holder is gone, which may have been the last to have some of them. Only then are all looked at: one that says of
    /// each of a million files that it has it no more must not cost the square of that.
    private mutating func loseWhatNobodyHas() {
        let holders = holders
        lose(lacking.filter { nobodyHas($0.key, $0.value, holders) }.keys.sorted())
    }

    /// Lanes to holders of the whole tree.
    private var holders: [ConnectionID] { lanes.keys.filter { fellows[$0] == nil } }

    /// Without holders nobody has said that it is gone; those that fetch it as well say so of all that they lack.
    private func nobodyHas(_ file: Int, _ lacking: Set<ConnectionID>, _ holders: [ConnectionID]) -> Bool {
        !holders.isEmpty && waiting.contains(file) && holders.allSatisfy { lacking.contains($0) }
    }

    private mutating func lose(_ files: [Int]) {
        for file in files { waiting.remove(file) }
        lost += files
    }
}
