import Content
import Foundation
import Synchronization
import Wire

/// A holder of one file that joins a real manager, answers real peers, and misbehaves as it is told.
final class FakePeer: Sendable {
    enum Behaviour: Sendable, CaseIterable {
        case honest
        /// One byte of each piece is another.
        case wrongBytes
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
    }

    let address: PeerAddress
    private let id = PeerID.someone
    private let file: FakeFile
    private let behaviour: Behaviour
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var piecesServed = 0
        var descriptors: [Int32] = []
        var hasStopped = false
    }

    /// A few: enough for the other end to have begun to use them.
    private static let piecesBeforeFault = 3

    /// Joins the manager at `manager`, listening on the same host.
    init(_ file: FakeFile, _ behaviour: Behaviour, joining manager: PeerAddress) throws {
        self.file = file
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
            case .chunk(_, let first, let count): sendChunk(first, count, to: peer)
            case .hello, .refused, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta,
                .ping, .have, .notHave, .hashes, .piece, .endOfChunk, .cancel, .noHashes, .nowHave,
                .introduce, .busy:
                break
            }
        }
    }

    private func answer(_ request: UInt32, _ query: FileQuery, to peer: WireConnection) {
        guard file.matches(query) else {
            peer.send(.notHave(request: request, .unknown))
            return
        }
        peer.send(.have(request: request, file.offer))
        if behaviour == .babbles { peer.socket.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)) }
    }

    private func sendLayer(_ root: FileRoot, _ first: Int, _ count: Int, to peer: WireConnection) {
        var digests = Array(file.layer[first..<first + count])
        if behaviour == .wrongLayer { digests[0] = .zero }
        peer.send(.hashes(root, first: first, digests))
    }

    private func sendChunk(_ first: Int, _ count: Int, to peer: WireConnection) {
        for index in first..<first + count {
            if piecesServed == FakePeer.piecesBeforeFault {
                if behaviour == .dies { return stop() }
                if behaviour == .stalls { return }
            }
            guard sendPiece(index, to: peer) else { return }
            state.withLock { $0.piecesServed += 1 }
        }
        peer.send(.endOfChunk(first: first, .complete))
    }

    private func sendPiece(_ index: Int, to peer: WireConnection) -> Bool {
        var bytes = file.piece(index)
        switch behaviour {
        case .wrongIndex: return peer.send(.piece(index: index ^ 1, length: bytes.count), raw: bytes)
        case .wrongLength: return peer.send(.piece(index: index, length: bytes.count + 1), raw: bytes + [0])
        case .wrongBytes: bytes[bytes.count / 2] ^= 1
        case .honest, .wrongLayer, .dies, .stalls, .babbles: break
        }
        return peer.send(.piece(index: index, length: bytes.count), raw: bytes)
    }
}
