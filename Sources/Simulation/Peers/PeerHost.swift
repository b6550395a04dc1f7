import Content
import PeerCore

/// A peer's machine: what outlives its process.
final class PeerHost: Host {
    enum Character {
        case honest
        /// Sends wrong pieces and wrong digests now and then.
        case liar
        /// Says what it has, and sends nothing of it.
        case mute
    }

    let character: Character
    var disk = Disk()
    var process: PeerProcess?
    /// Bytes a second that go out.
    var rate: Int
    /// Something on its disk rotted: it may send wrong bytes and is no liar.
    var isTainted = false
    /// Pieces that it sent of a file that was changed meanwhile.
    var wrongPieces = 0
    /// Not in the core that is healed at last.
    var isOutside = false

    init(node: Int, seed: UInt64, character: Character, rate: Int) {
        self.character = character
        self.rate = rate
        super.init(node: node, seed: seed)
    }

    /// Never sends anything wrong.
    var isReliable: Bool { character == .honest && !isTainted }
}

/// A peer's process: what is lost when it ends.
final class PeerProcess: MachineProcess {
    var machine: PeerMachine<Draws>
    var inputs: [PeerInput] = []
    var isFeeding = false
    var effects: [PeerEffect] = []
    /// When it wants to be woken, and when it will be.
    var wakeAt: Moment?
    var wakePlanned: Moment?

    var partials = Partials()
    /// Partial files of an earlier life that nobody has opened yet.
    var leftovers: Set<DownloadID> = []
    var ledgerIsFree = Moment(nanoseconds: 0)
    var isRestored = false

    var uploads: [ConnectionID: UploadLine] = [:]
    /// Connections that may send, and those that wait for that.
    var slots: Set<ConnectionID> = []
    var waiting: [(connection: ConnectionID, since: Moment)] = []
    var isSweepPlanned = false

    let buffers: Int
    var buffersLent = 0
    var bufferLine: [ConnectionID] = []

    init(machine: consuming PeerMachine<Draws>, buffers: Int) {
        self.machine = machine
        self.buffers = buffers
    }

    func handle(_ input: PeerInput, now: Moment) { machine.handle(input, now: now, effects: &effects) }
}

/// Partial files that are open, or being opened.
struct Partials {
    private enum State { case opening, unwanted, open }
    private var states: [DownloadID: State] = [:]

    func isOpen(_ id: DownloadID) -> Bool { states[id] == .open }

    mutating func opening(_ id: DownloadID) { states[id] = .opening }

    /// - Returns: whether the file is still wanted.
    mutating func opened(_ id: DownloadID) -> Bool {
        guard failed(id) else { return false }
        states[id] = .open
        return true
    }

    /// - Returns: whether anybody wants to hear of it.
    mutating func failed(_ id: DownloadID) -> Bool { states.removeValue(forKey: id) == .opening }

    mutating func delivered(_ id: DownloadID) { states[id] = nil }

    /// - Returns: whether there is a file to remove now.
    mutating func discard(_ id: DownloadID) -> Bool {
        switch states.removeValue(forKey: id) {
        case .open: return true
        case .opening, .unwanted: states[id] = .unwanted
        case nil: break
        }
        return false
    }
}
