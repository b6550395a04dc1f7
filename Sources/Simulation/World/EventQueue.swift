import Content

/// What is to happen, by time; of what is to happen at one time, in the order in which it was planned.
struct EventQueue {
    private struct Entry {
        let at: UInt64
        let serial: UInt64
        let slot: Int
    }

    private var heap: [Entry] = []
    private var events: [Event] = []
    private var freeSlots: [Int] = []
    private var lastSerial: UInt64 = 0

    var next: Moment? { heap.first.map { Moment(nanoseconds: $0.at) } }

    mutating func plan(_ event: Event, at moment: Moment) {
        lastSerial &+= 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            events[slot] = event
        } else {
            slot = events.count
            events.append(event)
        }
        heap.append(Entry(at: moment.nanoseconds, serial: lastSerial, slot: slot))
        rise(heap.count - 1)
    }

    mutating func pop() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        freeSlots.append(first.slot)
        return events[first.slot]
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.at != right.at ? left.at < right.at : left.serial < right.serial
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard EventQueue.isBefore(heap[place], heap[parent]) else { return }
            heap.swapAt(place, parent)
            place = parent
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && EventQueue.isBefore(heap[child], heap[least]) {
                least = child
            }
            guard least != place else { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
