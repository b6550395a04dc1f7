import Content
import PeerCore
import Testing
import Transport

@testable import Node

struct PieceIntakeTests {
    private static let piece = 1 << 20
    /// Buffers of that size that may be lent.
    private static let capacity = 24

    private func waiting(_ connection: UInt64, size: Int = piece) -> PieceIntake.Waiting {
        .init(
            connection: ConnectionID(rawValue: connection), download: DownloadID(rawValue: 7), index: Int(connection),
            length: size - 5, bufferSize: size)
    }

    /// An intake of which everything is lent.
    private func full() throws -> (PieceIntake, [IncomingPiece]) {
        var intake = PieceIntake()
        var pieces: [IncomingPiece] = []
        for connection in 0..<Self.capacity {
            let piece = intake.begin(waiting(UInt64(connection)))
            pieces.append(try #require(piece))
        }
        return (intake, pieces)
    }

    /// Gives the last piece's buffer back.
    /// - Returns: the connection that is served with it.
    private func giveBackLast(_ pieces: inout [IncomingPiece], to intake: inout PieceIntake) -> UInt64? {
        guard let (connection, piece) = intake.giveBack(pieces.removeLast().buffer) else { return nil }
        #expect(piece.index == Int(connection.rawValue))
        return connection.rawValue
    }

    @Test("A piece is lent a buffer as large as any piece of its file")
    func lends() throws {
        var intake = PieceIntake()
        let begun = intake.begin(waiting(3))
        let piece = try #require(begun)
        #expect(piece.download == 7 && piece.index == 3 && piece.length == Self.piece - 5)
        #expect(piece.buffer.memory.count == Self.piece)
    }

    @Test("When all is lent, those who wait are served in the order in which they came")
    func servesInOrder() throws {
        var (intake, pieces) = try full()
        for connection in 100...102 { #expect(intake.begin(waiting(UInt64(connection))) == nil) }
        for connection in 100...102 {
            #expect(giveBackLast(&pieces, to: &intake) == UInt64(connection))
        }
        #expect(giveBackLast(&pieces, to: &intake) == nil)
    }

    @Test("Nobody who comes later is served before one who waits, however little it needs")
    func keepsOrder() throws {
        var (intake, pieces) = try full()
        #expect(intake.begin(waiting(100, size: 4 * Self.piece)) == nil)
        #expect(giveBackLast(&pieces, to: &intake) == nil)
        #expect(intake.begin(waiting(101)) == nil)
        #expect(giveBackLast(&pieces, to: &intake) == nil)
        #expect(giveBackLast(&pieces, to: &intake) == nil)
        #expect(giveBackLast(&pieces, to: &intake) == 100)
        #expect(giveBackLast(&pieces, to: &intake) == 101)
    }

    @Test("A connection that is gone waits no more")
    func forgets() throws {
        var (intake, pieces) = try full()
        for connection in 100...102 { _ = intake.begin(waiting(UInt64(connection))) }
        intake.forget(ConnectionID(rawValue: 100))
        intake.forget(ConnectionID(rawValue: 999))
        #expect(giveBackLast(&pieces, to: &intake) == 101)
        intake.forget(ConnectionID(rawValue: 102))
        #expect(giveBackLast(&pieces, to: &intake) == nil)
    }

    @Test("When a large piece that waited is forgotten, the next return serves the smaller ones behind it")
    func forgetsLarge() throws {
        var (intake, pieces) = try full()
        _ = intake.begin(waiting(100, size: 4 * Self.piece))
        _ = intake.begin(waiting(101))
        #expect(giveBackLast(&pieces, to: &intake) == nil)
        intake.forget(ConnectionID(rawValue: 100))
        #expect(giveBackLast(&pieces, to: &intake) == 101)
    }

    @Test("No more is lent than the cap, whatever sizes are asked for")
    func neverExceedsCap() throws {
        var intake = PieceIntake()
        var lent: [IncomingPiece] = []
        var bytes = 0
        for round in 0..<2000 {
            let size = Self.piece << (round % 3)
            if let piece = intake.begin(waiting(UInt64(round), size: size)) { lent.append(piece) }
            if round % 2 == 1, let piece = lent.popLast(), let (_, next) = intake.giveBack(piece.buffer) {
                lent.append(next)
            }
            bytes = lent.reduce(0) { $0 + $1.buffer.memory.count }
            #expect(bytes <= Self.capacity * Self.piece)
        }
        #expect(bytes > 0)
    }
}
