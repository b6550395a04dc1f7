import Foundation
import Testing

@testable import Posix

@Suite struct InotifyTests {
    // MARK: Decoding

    /// An event as the kernel lays it out, with its name filled up to a multiple of 16 bytes.
    private func encoded(_ event: Inotify.Event) -> [UInt8] {
        var bytes: [UInt8] = []
        let padded = event.name.isEmpty ? [] : event.name + Array(repeating: 0, count: 16 - event.name.count % 16)
        withUnsafeBytes(of: event.watch) { bytes += $0 }
        withUnsafeBytes(of: event.mask.rawValue) { bytes += $0 }
        withUnsafeBytes(of: event.cookie) { bytes += $0 }
        withUnsafeBytes(of: UInt32(padded.count)) { bytes += $0 }
        return bytes + padded
    }

    private func decoded(_ bytes: [UInt8]) -> [Inotify.Event] { bytes.withUnsafeBytes { Inotify.decode($0) } }

    private let events = [
        Inotify.Event(watch: 1, mask: .created, name: Array("a".utf8)),
        Inotify.Event(watch: 2, mask: [.movedTo, .isDirectory], cookie: 77, name: Array("fifteen bytes..".utf8)),
        Inotify.Event(watch: -1, mask: .overflow),
        Inotify.Event(watch: .max, mask: .modified, name: [0xFF, 0xC3, 0x28]),
    ]

    @Test("Events are taken as they lie one behind the other, names without their filling")
    func decodes() {
        #expect(decoded(events.flatMap(encoded)) == events)
        #expect(decoded([]) == [])
    }

    @Test("Of bytes cut off at any place, exactly the whole events before it are taken")
    func cutOff() {
        let bytes = events.flatMap(encoded)
        var ends: [Int] = []
        for event in events { ends.append((ends.last ?? 0) + encoded(event).count) }
        for count in 0...bytes.count {
            let whole = ends.count { $0 <= count }
            #expect(decoded(Array(bytes[..<count])) == Array(events[..<whole]), "\(count) bytes")
        }
    }

    @Test("A name said to be longer than all that follows is not read")
    func lyingLength() {
        for length in [UInt32(17), .max, .max - 15] {
            var bytes = encoded(events[0])
            withUnsafeBytes(of: length) { bytes.replaceSubrange(12..<16, with: $0) }
            #expect(decoded(bytes) == [])
        }
    }

    // MARK: The kernel's

    @Test("What happens in a watched directory is heard, with its name, and what happens below it is not")
    func hears() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("below")
        let inotify = try Inotify()
        let watch = try inotify.add(scratch.directory())
        #expect(try inotify.read() == [])
        try scratch.write("file", "x")
        try scratch.write("below/hidden", "x")
        #expect(rename("\(scratch.path)/file", "\(scratch.path)/other") == 0)
        try scratch.makeDirectory("new")
        let events = try inotify.read()
        #expect(events.allSatisfy { $0.watch == watch })
        func names(_ mask: Inotify.Mask) -> [String] {
            events.filter { $0.mask.isSuperset(of: mask) }.map { String(decoding: $0.name, as: UTF8.self) }
        }
        #expect(names(.created) == ["file", "new"] && names([.created, .isDirectory]) == ["new"])
        #expect(names(.modified) == ["file"] && names(.closedAfterWriting) == ["file"])
        #expect(names(.movedFrom) == ["file"] && names(.movedTo) == ["other"])
        let cookies = events.filter { !$0.mask.isDisjoint(with: [.movedFrom, .movedTo]) }.map(\.cookie)
        #expect(cookies.count == 2 && cookies[0] == cookies[1] && cookies[0] != 0)
    }

    @Test("A watch that is removed says so, is not used again, and hears no more")
    func removes() throws {
        let scratch = try Scratch()
        let inotify = try Inotify()
        let watch = try inotify.add(scratch.directory())
        #expect(try inotify.add(scratch.directory()) == watch)
        inotify.remove(watch)
        inotify.remove(watch)
        try scratch.write("file", "x")
        let events = try inotify.read()
        #expect(events.map(\.mask) == [.ignored] && events.map(\.watch) == [watch])
        #expect(try inotify.add(scratch.directory()) != watch)
    }

    @Test("A directory is watched even if it was moved after it was opened")
    func watchesWhatIsOpen() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("a")
        let opened = try scratch.directory().openDirectory("a")
        #expect(rename("\(scratch.path)/a", "\(scratch.path)/b") == 0)
        try scratch.makeDirectory("a")
        let inotify = try Inotify()
        _ = try inotify.add(opened)
        try scratch.write("a/elsewhere", "x")
        try scratch.write("b/here", "x")
        #expect(Set(try inotify.read().map { String(decoding: $0.name, as: UTF8.self) }) == ["here"])
    }
}
