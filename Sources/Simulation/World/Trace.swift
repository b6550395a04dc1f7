import Content
import ManagerCore
import PeerCore
import Wire

/// A digest of all that happened, in order: two runs of a seed have the same.
public struct Trace: Hashable, Sendable {
    public private(set) var value: UInt64 = 0
    /// Inputs and effects of all machines.
    public private(set) var steps: UInt64 = 0

    mutating func mix(_ now: Moment, _ node: Int, _ code: UInt64) {
        steps &+= 1
        value = Draws.mixed(value &+ now.nanoseconds &+ UInt64(truncatingIfNeeded: node) &* 0x9E37_79B9 &+ code &<< 20)
    }
}

extension Trace: CustomStringConvertible {
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// What goes into the trace of an input or effect: its kind, what it is about, and messages byte by byte where they are
/// sent.
private func code(_ kind: UInt64, _ first: UInt64 = 0, _ second: UInt64 = 0) -> UInt64 {
    Draws.mixed(Draws.mixed(kind &+ first) &+ second)
}

extension Message {
    fileprivate var code: UInt64 {
        var sum: UInt64 = 0
        for byte in encoded { sum = sum &* 0x100_0000_01B3 ^ UInt64(byte) }
        return sum
    }
}

extension ManagerInput: Traceable {
    var code: UInt64 {
        switch self {
        case .connected(let connection, _): Simulation.code(1, connection.rawValue)
        case .received(let connection, let message):
            Simulation.code(2, connection.rawValue, UInt64(message.type.rawValue))
        case .closed(let connection, _): Simulation.code(3, connection.rawValue)
        case .wake: Simulation.code(4)
        case .probed(let connection, let failure): Simulation.code(5, connection.rawValue, failure == nil ? 0 : 1)
        }
    }
}

extension ManagerEffect: Traceable {
    var code: UInt64 {
        switch self {
        case .send(let connection, let message): Simulation.code(10, connection.rawValue, message.code)
        case .sendEncoded(let connection, let bytes):
            Simulation.code(11, connection.rawValue, bytes.reduce(0) { $0 &* 0x100_0000_01B3 ^ UInt64($1) })
        case .close(let connection, _): Simulation.code(12, connection.rawValue)
        case .wake(let moment): Simulation.code(13, moment.nanoseconds)
        case .joined(let entry): Simulation.code(14, entry.id.low)
        case .left(let entry, _): Simulation.code(15, entry.id.low)
        case .probe(let connection, _): Simulation.code(16, connection.rawValue)
        case .endProbe(let connection): Simulation.code(17, connection.rawValue)
        }
    }
}

extension PeerInput: Traceable {
    var code: UInt64 {
        switch self {
        case .dialed(_, let connection): Simulation.code(20, connection.rawValue)
        case .dialFailed: Simulation.code(21)
        case .accepted(let connection, _): Simulation.code(22, connection.rawValue)
        case .received(let connection, let message):
            Simulation.code(23, connection.rawValue, UInt64(message.type.rawValue))
        case .closed(let connection, _): Simulation.code(24, connection.rawValue)
        case .pieceStarted(let connection): Simulation.code(25, connection.rawValue)
        case .progressed(let connection, let bytes): Simulation.code(26, connection.rawValue, UInt64(bytes))
        case .pieceReceived(let connection): Simulation.code(27, connection.rawValue)
        case .pieceStored(let id, let index, _, _): Simulation.code(28, id.rawValue, UInt64(index))
        case .chunkServed(let connection): Simulation.code(29, connection.rawValue)
        case .layerChecked(let id, let isRight): Simulation.code(30, id.rawValue, isRight ? 1 : 0)
        case .partialOpened(let id, let pieces): Simulation.code(31, id.rawValue, UInt64(pieces.count))
        case .partialMissing(let id, _): Simulation.code(32, id.rawValue)
        case .partialVerified(let id, let pieces): Simulation.code(33, id.rawValue, UInt64(pieces.count))
        case .partialChecked(let id): Simulation.code(56, id.rawValue)
        case .partialTouched(let id, let isThere): Simulation.code(57, id.rawValue, isThere ? 1 : 0)
        case .committed(let id, let failure): Simulation.code(34, id.rawValue, failure == nil ? 0 : 1)
        case .spaceChecked(let id, let missing): Simulation.code(35, id.rawValue, missing ?? 0)
        case .partialFailed(let id, _): Simulation.code(36, id.rawValue)
        case .delivered(let id, _): Simulation.code(37, id.rawValue)
        case .repairPostponed(let id): Simulation.code(59, id.rawValue)
        case .indexed(let file): Simulation.code(38, file.root.length)
        case .withdrawn: Simulation.code(39)
        case .settling: Simulation.code(40)
        case .judged(_, let isRotten): Simulation.code(58, isRotten ? 1 : 0)
        case .indexing(let isIndexing): Simulation.code(41, isIndexing ? 1 : 0)
        case .wish(let request, _): Simulation.code(42, request.rawValue)
        case .inspected(let request, _): Simulation.code(43, request.rawValue)
        case .cancel(let request, _, _): Simulation.code(44, request.rawValue)
        case .pause(let request, _): Simulation.code(45, request.rawValue)
        case .resume(let request, _): Simulation.code(46, request.rawValue)
        case .prioritize(let request, _, _): Simulation.code(47, request.rawValue)
        case .survey(let request, _, _): Simulation.code(48, request.rawValue)
        case .wait(let request, _, _): Simulation.code(49, request.rawValue)
        case .lift(let request, _): Simulation.code(50, request.rawValue)
        case .leave: Simulation.code(51)
        case .restored(let stored): Simulation.code(52, stored.entry.id.rawValue)
        case .restoredBan(let ban): Simulation.code(53, ban.peer.low)
        case .wake: Simulation.code(54)
        case .manifestRead, .treeSurveyed, .treeFailed, .filesStaged, .filesPublished, .publishingFailed,
            .manifestMade, .directoryChanged:
            Simulation.code(55)
        }
    }
}

extension PeerEffect: Traceable {
    var code: UInt64 {
        switch self {
        case .dial(.manager(let index)): Simulation.code(60, UInt64(index))
        case .dial(.peer(let peer, _)): Simulation.code(61, peer.low)
        case .send(let connection, let message): Simulation.code(62, connection.rawValue, message.code)
        case .close(let connection, _): Simulation.code(63, connection.rawValue)
        case .receivePiece(let connection, let id, let index, _):
            Simulation.code(64, connection.rawValue, id.rawValue &<< 32 &+ UInt64(index))
        case .discardPiece(let connection, let length): Simulation.code(65, connection.rawValue, UInt64(length))
        case .passOver(let connection): Simulation.code(94, connection.rawValue)
        case .serve(let connection, _, _, let pieces):
            Simulation.code(66, connection.rawValue, UInt64(pieces.lowerBound))
        case .serveNothing(let connection, let first, _): Simulation.code(67, connection.rawValue, UInt64(first))
        case .stopServing(let connection, _, let first): Simulation.code(68, connection.rawValue, UInt64(first))
        case .checkLayer(let id, _, _): Simulation.code(69, id.rawValue)
        case .openPartial(let entry, _): Simulation.code(70, entry.id.rawValue)
        case .reopenPartial(let entry, _, _): Simulation.code(71, entry.id.rawValue)
        case .commit(let id, let pieces, _): Simulation.code(72, id.rawValue, UInt64(pieces.count))
        case .verifyPartial(let id, _): Simulation.code(73, id.rawValue)
        case .checkPartial(let id): Simulation.code(93, id.rawValue)
        case .deliver(let id, _): Simulation.code(74, id.rawValue)
        case .discardPartial(let id, _): Simulation.code(75, id.rawValue)
        case .checkSpace(let needs): Simulation.code(76, UInt64(needs.count))
        case .keep(let entry): Simulation.code(77, entry.id.rawValue)
        case .forget(let id): Simulation.code(78, id.rawValue)
        case .banned(let ban): Simulation.code(79, ban.peer.low)
        case .lifted(let peer): Simulation.code(80, peer.low)
        case .inspect(let request, _): Simulation.code(81, request.rawValue)
        case .found(let request, _): Simulation.code(82, request.rawValue)
        case .finished(let request, _): Simulation.code(83, request.rawValue)
        case .failed(let request, _): Simulation.code(84, request.rawValue)
        case .accepted(let request, _): Simulation.code(85, request.rawValue)
        case .changed(let request, _): Simulation.code(86, request.rawValue)
        case .surveyed(let request, _): Simulation.code(87, request.rawValue)
        case .liftedBans(let request, _): Simulation.code(88, request.rawValue)
        case .wake(let moment): Simulation.code(89, moment.nanoseconds)
        case .left: Simulation.code(90)
        case .note: Simulation.code(91)
        case .readManifest, .surveyTree, .receiveFile, .publishFiles, .discardFiles, .closeTree, .keepLarge,
            .removeRemains, .makeManifest, .inspectTree:
            Simulation.code(92)
        }
    }
}
