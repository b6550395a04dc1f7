import Foundation
import Posix
import Testing

@testable import Storage

struct RoomTests {
    @Test("There is room as long as what has to stay free stays free; else it is told how much is missing")
    func comparesBytes() {
        #expect(Room(for: 60, keeping: 40, available: 100) == .enough)
        #expect(Room(for: 61, keeping: 40, available: 100) == .missing(1))
        #expect(Room(for: 0, keeping: 40, available: 10) == .missing(30))
        #expect(Room(for: 0, keeping: 0, available: 0) == .enough)
        #expect(Room(for: .max, keeping: .max, available: 10) == .missing(.max - 10))
    }

    @Test("The partial files' file system is asked, not another one", .enabled(if: SmallDisk.isPossible))
    func asksFileSystem() throws {
        let scratch = try Scratch()
        let disk = try SmallDisk(at: scratch.path + "/small", bytes: 1 << 20)
        defer { disk.unmount() }
        let share = Share(try Directory.create("\(disk.path)/share"))
        let store = try PartialStore(share: share, state: try Directory.create("\(disk.path)/state"), peer: .sample)
        #expect(try store.room(for: 1 << 19, keeping: 0) == .enough)
        #expect(try store.room(for: 1 << 19, keeping: 1 << 20) != .enough)
        guard case .missing(let missing) = try store.room(for: 10 << 20, keeping: 0) else {
            Issue.record("ten times the disk fits on it")
            return
        }
        #expect(missing >= 9 << 20 && missing < 10 << 20)
        try disk.fill()
        #expect(try store.room(for: 1, keeping: 0) != .enough)
    }
}
