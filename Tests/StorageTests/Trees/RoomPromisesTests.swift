import Testing

@testable import Storage

@Suite struct RoomPromisesTests {
    private let promises = RoomPromises()

    @Test("What is promised to one stands in the way of all others until it is taken, or not wanted any more")
    func total() {
        promises.promise(100, to: 1)
        promises.promise(30, to: 2)
        #expect(promises.total() == 130 && promises.total(except: [1]) == 30 && promises.total(except: [1, 2]) == 0)
        promises.take(60, from: 1)
        #expect(promises.total() == 70)
        promises.take(60, from: 1)
        #expect(promises.total() == 30)
        promises.end(2)
        #expect(promises.total() == 0)
    }

    @Test("Nothing is taken off for whom nothing was promised")
    func unknown() {
        promises.promise(0, to: 1)
        promises.take(10, from: 1)
        promises.end(7)
        #expect(promises.total() == 0)
    }
}
