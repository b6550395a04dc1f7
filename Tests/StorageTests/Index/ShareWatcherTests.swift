import Content
import Posix
import Testing

@testable import Storage

struct ShareWatcherTests {
    private var watcher = ShareWatcher()

    /// The share is watched as 1, and `a`, `a/b` and `ab` as 2, 3 and 4.
    init() throws {
        _ = watcher.watched([
            (1, nil), (2, try ShareName("a")), (3, try ShareName("a/b")), (4, try ShareName("ab")),
        ])
    }

    private mutating func handle(
        _ watch: Int32, _ mask: Inotify.Mask, _ name: String = "", cookie: UInt32 = 0, isScanning: Bool = false
    ) -> [ShareWatcher.Change] {
        let event = Inotify.Event(watch: watch, mask: mask, cookie: cookie, name: Array(name.utf8))
        return watcher.handle([event], isScanning: isScanning)
    }

    // MARK: Files

    @Test("A file that comes, changes or goes is told by its name below the share")
    mutating func files() throws {
        let (top, below) = (try ShareName("x"), try ShareName("a/b/x"))
        for mask in [Inotify.Mask.created, .closedAfterWriting, .attributes] {
            #expect(handle(1, mask, "x") == [.touched(top, isWritten: false, cookie: nil)])
        }
        #expect(handle(3, .modified, "x") == [.touched(below, isWritten: true, cookie: nil)])
        #expect(handle(3, .movedTo, "x", cookie: 9) == [.touched(below, isWritten: false, cookie: 9)])
        #expect(handle(3, .movedFrom, "x", cookie: 9) == [.gone(below, cookie: 9)])
        #expect(handle(3, .deleted, "x") == [.gone(below, cookie: nil)])
    }

    @Test("What happens to a backup is nothing, to a directory of such a name something")
    mutating func backups() throws {
        for mask in [Inotify.Mask.created, .modified, .movedTo, .deleted] { #expect(handle(2, mask, "x.~1~") == []) }
        let directory = try ShareName("a/x.~1~")
        #expect(handle(2, [.created, .isDirectory], "x.~1~") == [.directoryAppeared(directory)])
    }

    @Test("The same thing told several times in a row is told once")
    mutating func repeats() throws {
        let event = Inotify.Event(watch: 1, mask: .modified, name: Array("x".utf8))
        #expect(watcher.handle([event, event, event], isScanning: false).count == 1)
    }

    @Test("What happens to a directory itself, or in the daemon's own, is nothing")
    mutating func nothing() {
        #expect(handle(2, .attributes) == [])
        #expect(handle(2, .selfDeleted) == [])
        #expect(handle(1, [.created, .isDirectory], ".p2pd") == [])
        #expect(handle(99, .modified, "x") == [])
    }

    @Test("A name that is none is refused with why, and its going is told too")
    mutating func refuses() {
        #expect(
            handle(2, .created, "evil\u{7}")
                == [.refused(shown: "a/evil\\u{7}", reason: "\(ShareNameError.controlCharacter)")])
        #expect(handle(2, .deleted, "evil\u{7}") == [.refusedGone(shown: "a/evil\\u{7}")])
    }

    // MARK: Directories

    @Test("A directory that comes is to be looked at, one that goes takes all below it")
    mutating func directories() throws {
        let name = try ShareName("a/new")
        #expect(handle(2, [.created, .isDirectory], "new") == [.directoryAppeared(name)])
        #expect(handle(2, [.movedTo, .isDirectory], "new", cookie: 3) == [.directoryAppeared(name)])
        #expect(handle(2, [.attributes, .isDirectory], "new") == [.directoryAppeared(name)])
        #expect(handle(1, [.movedFrom, .isDirectory], "a", cookie: 3) == [.directoryGone(try ShareName("a"))])
        #expect(handle(1, [.deleted, .isDirectory], "a") == [.directoryGone(try ShareName("a"))])
    }

    @Test("The watches of a directory that went, and of all below it, are given up, and no others")
    mutating func forgets() throws {
        #expect(Set(watcher.forget(try ShareName("a"))) == [2, 3])
        #expect(handle(3, .modified, "x") == [])
        #expect(handle(4, .modified, "x") == [.touched(try ShareName("ab/x"), isWritten: true, cookie: nil)])
        #expect(watcher.count == 2)
    }

    @Test("A directory that turns up elsewhere is known by its new name")
    mutating func moves() throws {
        _ = watcher.watched([(3, try ShareName("elsewhere"))])
        #expect(handle(3, .modified, "x") == [.touched(try ShareName("elsewhere/x"), isWritten: true, cookie: nil)])
        #expect(watcher.forget(try ShareName("a")) == [2])
    }

    @Test("A watch that the kernel gave up is forgotten; that of the share itself leaves it blind")
    mutating func ignored() throws {
        #expect(handle(3, .ignored) == [])
        #expect(handle(3, .modified, "x") == [])
        #expect(handle(1, .ignored) == [.blind])
    }

    // MARK: Losing events

    @Test("Lost events and a file system that went mean that everything has to be looked at")
    mutating func lost() {
        #expect(handle(-1, .overflow) == [.lost])
        #expect(handle(2, .unmounted) == [.lost])
    }

    @Test("A directory in which something happened before its scan was told of is looked at once more")
    mutating func early() throws {
        #expect(handle(7, .modified, "x", isScanning: true) == [])
        #expect(handle(8, .modified, "x", isScanning: false) == [])
        let (seven, eight) = (try ShareName("seven"), try ShareName("eight"))
        #expect(watcher.watched([(7, seven), (8, eight)]) == [.directoryAppeared(seven)])
        #expect(watcher.watched([(7, seven)]) == [])
    }

    @Test("Events of watches that nobody tells of are not remembered without bound, nor beyond the scan")
    mutating func earlyBound() throws {
        for watch in 0..<Int32(StorageLimits.earlyWatchesMax) {
            #expect(handle(1000 + watch, .modified, "x", isScanning: true) == [])
        }
        #expect(handle(999_999, .modified, "x", isScanning: true) == [.lost])
        _ = watcher.scansEnded()
        #expect(watcher.watched([(1000, try ShareName("late"))]) == [])
    }

    @Test("After everything was looked at, what was not come upon is not watched any more")
    mutating func renews() throws {
        watcher.beginRenewal()
        _ = watcher.watched([(1, nil), (4, try ShareName("ab"))])
        _ = watcher.watched([(9, try ShareName("new"))])
        #expect(Set(watcher.scansEnded()) == [2, 3])
        #expect(watcher.count == 3)
        #expect(watcher.scansEnded() == [])
    }
}
