import Content
import Testing

@testable import PeerCore

@Suite struct TreeStageTests {
    private let start = Moment(nanoseconds: 1_000_000_000)

    private func stage(_ count: Int, bytes: UInt64 = 4096) -> TreeStage {
        var stage = TreeStage()
        for file in 0..<count { stage.add(file, bytes: bytes, now: start) }
        return stage
    }

    private func count(_ stage: inout TreeStage, sync: Bool, isLast: Bool) -> Int? {
        stage.begin(sync: sync, isLast: isLast, now: start)?.count
    }

    @Test("Files wait a second for others before they are made durable")
    func age() {
        var stage = stage(3)
        #expect(stage.begin(sync: true, isLast: false, now: start + .milliseconds(999)) == nil)
        #expect(stage.begin(sync: true, isLast: false, now: start + .seconds(1)) == [0, 1, 2])
    }

    @Test("While others want them they wait a quarter of that")
    func eager() {
        var stage = stage(3)
        #expect(stage.begin(sync: true, isEager: true, isLast: false, now: start + .milliseconds(249)) == nil)
        #expect(stage.begin(sync: true, isEager: true, isLast: false, now: start + .milliseconds(250)) == [0, 1, 2])
    }

    @Test("They do not wait when no more will come, or when they are many, or much")
    func full() {
        var last = stage(1)
        #expect(last.begin(sync: true, isLast: true, now: start) == [0])
        var many = stage(4096)
        #expect(count(&many, sync: true, isLast: false) == 4096)
        var much = stage(64, bytes: 1 << 20)
        #expect(count(&much, sync: true, isLast: false) == 64)
    }

    @Test("What need not be durable waits only for a few others")
    func hasty() {
        var few = stage(127)
        #expect(few.begin(sync: false, isLast: false, now: start) == nil)
        few.add(127, bytes: 1, now: start)
        #expect(count(&few, sync: false, isLast: false) == 128)
    }

    @Test("One lot is under way at a time, and what comes meanwhile goes with the next")
    func next() {
        var stage = stage(2)
        #expect(stage.begin(sync: true, isLast: true, now: start) == [0, 1])
        stage.add(2, bytes: 1, now: start)
        #expect(stage.begin(sync: true, isLast: true, now: start) == nil)
        #expect(!stage.isEmpty)
        stage.end()
        #expect(stage.begin(sync: true, isLast: true, now: start) == [2])
        stage.end()
        #expect(stage.isEmpty)
        #expect(stage.begin(sync: true, isLast: true, now: start) == nil)
    }

    @Test("More than one lot takes goes in several")
    func several() {
        var stage = stage(5000)
        #expect(count(&stage, sync: true, isLast: true) == 4096)
        stage.end()
        #expect(stage.begin(sync: true, isLast: true, now: start) == Array(4096..<5000))
    }
}
