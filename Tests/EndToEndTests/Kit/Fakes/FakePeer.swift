import Content
import Foundation
import Synchronization
import Wire

/// A holder of some files that joins a real manager, answers real peers, and misbehaves as it is told.
final class FakePeer: Sendable {
    enum Behaviour: Sendable, CaseIterable {
        case honest
        /// One byte of each piece is another.
        case wrongBytes
        /// One byte of each piece is another, but for a directory's manifest.
        case wrongFiles
        /// The hashes do not lead to the root.
        case wrongLayer
        /// Each piece claims to be its neighbour.
        case wrongIndex
        /// Each piece claims a length that it cannot have.
        case wrongLength
        /// Closes everything after a few pieces.
        case dies
        /// Says nothing more after a few pieces.
        case stalls
        /// Answers what is asked with bytes that are no message.
        case babbles
        /// One byte of each piece is another, and each chunk ends as if its file had changed.
        case wrongThenGone
        /// Has always too much to do.
        case everBusy
        /// Has nothing of what it offers, and says so when it is asked for a piece.
        case lacksAll
        /// Calls off whatever it is asked for.
        case callsOff
        /// Offers a piece beyond the end of the file.
        case offersBeyond
        /// Offers no piece at first, then one beyond the end of the file.
        case gainsBeyond
    }

    let address: PeerAddress
    let id = PeerID.someone
    private let files: [FakeFile]
    private let behaviour: Behaviour
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var piecesServed = 0
        var descriptors: [Int32] = []
        var refusals: [String] = []
        var hasStopped = false
    }

    /// A few: enough for the other end to have begun to use them.
    private static let piecesBeforeFault = 3

    convenience init(_ file: FakeFile, _ behaviour: Behaviour, joining manager: PeerAddress) throws {
        try self.init([file], behaviour, joining: manager)
    }

    /// Joins the manager at `manager`, listening on the same host.
    init(_ files: [FakeFile], _ behaviour: Behaviour, joining manager: PeerAddress) throws {
        self.files = files
        self.behaviour = behaviour
        address = manager.with(port: try Ports.next())
        listener = try SocketAddress(address).open { bind($0, $1, $2) }
        guard listen(listener, 64) == 0 else { throw Failure("listen on \(address)") }
        let link = try RawSocket(connectingTo: manager)
        track(listener)
        inBackground { $0.acceptAll() }
        let descriptor = dup(link.descriptor)
        track(descriptor)
        inBackground { $0.keepMembership(WireConnection(RawSocket(descriptor: descriptor))) }
    }

    deinit { close(listener) }

    /// How many pieces it sent, right or wrong.
    var piecesServed: Int { state.withLock { $0.piecesServed } }

    /// The reasons with which peers refused it.
    var refusals: [String] { state.withLock { $0.refusals } }

    /// Closes its connections and goes away.
    func stop() {
        let descriptors = state.withLock { state in
            state.hasStopped = true
            return state.descriptors
        }
        for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    // MARK: - Threads

    private func inBackground(_ work: @escaping @Sendable (FakePeer) -> Void) {
        Thread { work(self) }.start()
    }

    /// Remembers a descriptor, to shut it down with the rest.
    private func track(_ descriptor: Int32) {
        state.withLock { $0.descriptors.append(descriptor) }
    }

    private var hasStopped: Bool { state.withLock { $0.hasStopped } }

    private func keepMembership(_ manager: WireConnection) {
        manager.send(.hello(Hello(id: id, role: .peer)), .newPeer(port: address.port, label: "fake"))
        while let message = manager.receive() {
            if case .ping(let epoch, _) = message { manager.send(.pong(epoch: epoch)) }
        }
    }

    private func acceptAll() {
        while !hasStopped {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            track(descriptor)
            inBackground { $0.serve(WireConnection(RawSocket(descriptor: descriptor))) }
        }
    }

    // MARK: - Answers

    private func serve(_ peer: WireConnection) {
        peer.send(.hello(Hello(id: id, role: .peer)))
        while let message = peer.receive() {
            switch message {
            case .req(let request, let query): answer(request, query, to: peer)
            case .hashesRequest(let root, let first, let count): sendLayer(root, first, count, to: peer)
            case .chunk(let root, let first, let count): sendChunk(root, first, count, to: peer)
            case .refused(_, let reason): state.withLock { $0.refusals.append(reason) }
            case .hello, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta,
                .ping, .have, .notHave, .hashes, .piece, .endOfChunk, .cancel, .noHashes, .nowHave,
                .introduce, .busy:
                break
            }
        }
    }

    private func answer(_ request: UInt32, _ query: FileQuery, to peer: WireConnection) {
        guard let file = files.first(where: { $0.matches(query) }) else {
            peer.send(.notHave(request: request, .unknown))
            return
        }
        switch behaviour {
        case .offersBeyond: peer.socket.send(FalseOffers.beyondEnd(file, request: request))
        case .gainsBeyond:
            guard let offer = file.partialOffer(0..<0) else { return }
            peer.send(.have(request: request, offer))
            peer.socket.send(FalseOffers.gainBeyondEnd(file))
        case .babbles:
            peer.send(.have(request: request, file.offer))
            peer.socket.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8))
        case .honest, .wrongBytes, .wrongFiles, .wrongLayer, .wrongIndex, .wrongLength, .dies, .stalls, .lacksAll,
            .callsOff, .wrongThenGone, .everBusy:
            peer.send(.have(request: request, file.offer))
        }
    }

    private func file(_ root: FileRoot) -> FakeFile? { files.first { $0.root == root } }

    private func sendLayer(_ root: FileRoot, _ first: Int, _ count: Int, to peer: WireConnection) {
        guard let file = file(root) else { return }
        var digests = Array(file.layer[first..<first + count])
        if behaviour == .wrongLayer { digests[0] = .zero }
        peer.send(.hashes(root, first: first, digests))
    }

    private func sendChunk(_ root: FileRoot, _ first: Int, _ count: Int, to peer: WireConnection) {
        guard let file = file(root) else { return }
        if behaviour == .lacksAll { return _ = peer.send(.endOfChunk(first: first, .gone)) }
        if behaviour == .callsOff { return _ = peer.send(.endOfChunk(first: first, .cancelled)) }
        if behaviour == .everBusy { return _ = peer.send(.busy(first: first, retryAfter: 500)) }
        for index in first..<first + count {
            if piecesServed == FakePeer.piecesBeforeFault {
                if behaviour == .dies { return stop() }
                if behaviour == .stalls { return }
            }
            guard sendPiece(file, index, to: peer) else { return }
            state.withLock { $0.piecesServed += 1 }
        }
        peer.send(.endOfChunk(first: first, behaviour == .wrongThenGone ? .gone : .complete))
    }

    private func sendPiece(_ file: FakeFile, _ index: Int, to peer: WireConnection) -> Bool {
        var bytes = file.piece(index)
        switch behaviour {
        case .wrongIndex: return peer.send(.piece(index: index ^ 1, length: bytes.count), raw: bytes)
        case .wrongLength: return peer.send(.piece(index: index, length: bytes.count + 1), raw: bytes + [0])
        case .wrongFiles where file.isTree: break
        case .wrongBytes, .wrongFiles, .wrongThenGone: bytes[bytes.count / 2] ^= 1
        case .honest, .wrongLayer, .dies, .stalls, .babbles, .lacksAll, .callsOff, .everBusy, .offersBeyond,
            .gainsBeyond:
            break
        }
        return peer.send(.piece(index: index, length: bytes.count), raw: bytes)
    }
}
