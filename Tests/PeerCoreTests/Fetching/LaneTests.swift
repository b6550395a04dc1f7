import Content
import Testing

@testable import PeerCore

@Suite struct LaneTests {
    private let start = Moment(nanoseconds: 1_000_000_000)
    private let mebibyte = 1 << 20

    @Test("Before the first measurement four pieces may be in flight; in a crowd two of a holder, and one of a fetcher")
    func atFirst() {
        let lane = Lane(holding: .all, now: start)
        #expect(lane.ahead(pieceSize: mebibyte) == 4 && lane.crowdRoom(pieceSize: mebibyte) == 2)
        var fetcher = Lane(holding: .pieces(PieceSet(pieceCount: 8)), now: start)
        #expect(fetcher.crowdRoom(pieceSize: mebibyte) == 1)
        fetcher.asked(0..<1, now: start)
        #expect(fetcher.crowdRoom(pieceSize: mebibyte) == 0)
    }

    @Test("In a crowd the next piece is asked for when a quarter of a second's worth is left of what is on its way")
    func crowdRoom() {
        var lane = Lane(holding: .all, now: start)
        lane.asked(0..<1, now: start)
        lane.inFlight = []
        lane.receiving = 0
        lane.receivingLeft = mebibyte
        var asks: [Bool] = []
        for step in 1...8 as ClosedRange<UInt64> {
            // A MiB a second: a quarter of it is left after six of eight parts.
            asks.append(lane.progressed(mebibyte / 8, now: start + .milliseconds(125 * step)))
            #expect(lane.crowdRoom(pieceSize: mebibyte) == (step >= 6 ? 1 : 0), "\(step)")
        }
        #expect(asks == [false, false, false, false, false, true, false, false])
        lane.receiving = nil
        #expect(lane.crowdRoom(pieceSize: mebibyte) == 1)
        var quick = Lane(holding: .all, now: start)
        quick.progressed(40 << 20, now: start + .seconds(1))
        #expect(quick.crowdRoom(pieceSize: mebibyte) == 11)
    }

    @Test("A lane's rate is measured over 50 ms and more, and smoothed over time")
    func rate() {
        var lane = Lane(holding: .all, now: start)
        lane.progressed(1_000_000, now: start + .milliseconds(10))
        #expect(lane.rate == 0)
        lane.progressed(4_000_000, now: start + .milliseconds(50))
        #expect(lane.rate == 100_000_000)
        lane.progressed(0, now: start + .milliseconds(150))
        #expect(abs(lane.rate - 49_000_000) < 1)
    }

    @Test("A burst at the beginning is forgotten within a second in which next to nothing comes")
    func burst() {
        var lane = Lane(holding: .all, now: start)
        lane.asked(0..<4, now: start)
        lane.progressed(64 << 10, now: start + .milliseconds(50))
        #expect(lane.pace(start + .milliseconds(60)) > 1_000_000)
        #expect(lane.pace(start + .seconds(1)) < 10_000)
        for second in 1...3 as ClosedRange<UInt64> { lane.progressed(1024, now: start + .seconds(second)) }
        #expect(lane.rate < 2048)
    }

    @Test("The wait for a buffer here does not make a holder slow")
    func awaitsBuffer() {
        var lane = Lane(holding: .all, now: start)
        lane.asked(0..<4, now: start)
        lane.progressed(1 << 20, now: start + .milliseconds(50))
        let rate = lane.rate
        lane.awaitsBuffer = true
        #expect(lane.pace(start + .seconds(5)) == rate)
        lane.bufferGranted(start + .seconds(5))
        lane.progressed(1 << 20, now: start + .seconds(5) + .milliseconds(50))
        #expect(abs(lane.rate - rate) < 1)
    }

    @Test("In flight is what a quarter of a second brings, from two to sixteen pieces")
    func ahead() {
        for (bytes, pieces) in [(1, 2), (10 << 20, 3), (40 << 20, 11), (1 << 30, 16), (.max / 4, 16)] {
            var lane = Lane(holding: .all, now: start)
            lane.progressed(bytes, now: start + .seconds(1))
            #expect(lane.ahead(pieceSize: mebibyte) == pieces, "\(bytes) bytes a second")
        }
    }

    @Test("The time before a lane was asked again does not count as slowness")
    func idleTime() {
        var lane = Lane(holding: .all, now: start)
        lane.asked(0..<1, now: start + .seconds(100))
        #expect(lane.lastByte == start + .seconds(100))
        lane.progressed(5_000_000, now: start + .seconds(100) + .milliseconds(50))
        #expect(lane.rate == 100_000_000)
    }

    @Test("What is left is what is in flight at the measured rate")
    func secondsLeft() {
        var lane = Lane(holding: .all, now: start)
        lane.asked(0..<4, now: start)
        lane.progressed(2 << 20, now: start + .seconds(1))
        #expect(lane.secondsLeft(pieceSize: mebibyte, now: start + .seconds(1)) == 2)
    }
}
