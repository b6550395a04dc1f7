/// A timer that was set; it fires once.
public struct TimerID: Hashable, Sendable {
    fileprivate let serial: UInt64
}

/// Timers by deadline: a binary heap, in which a cancelled timer stays until it would have fired or until most of the
/// heap is cancelled ones.
struct TimerQueue {
    private struct Entry {
        let deadline: UInt64
        let serial: UInt64
    }

    private var heap: [Entry] = []
    private var live: Set<UInt64> = []
    private var nextSerial: UInt64 = 0
    private static let cancelledMin = 64

    /// Entries kept, cancelled ones among them.
    var held: Int { heap.count }
    /// The timer that was added last; nil before the first.
    var newest: TimerID? { nextSerial == 0 ? nil : TimerID(serial: nextSerial) }

    /// - Parameter deadline: nanoseconds on the monotonic clock.
    mutating func add(deadline: UInt64) -> TimerID {
        nextSerial += 1
        live.insert(nextSerial)
        heap.append(Entry(deadline: deadline, serial: nextSerial))
        siftUp(from: heap.count - 1)
        return TimerID(serial: nextSerial)
    }

    /// Nothing happens for a timer that has fired.
    mutating func cancel(_ timer: TimerID) {
        live.remove(timer.serial)
        guard heap.count > 2 * live.count + TimerQueue.cancelledMin else { return }
        heap.removeAll { !live.contains($0.serial) }
        // An array in order is a heap.
        heap.sort(by: precedes)
    }

    /// When the next timer fires; nil without one.
    mutating func nextDeadline() -> UInt64? {
        while let first = heap.first, !live.contains(first.serial) { removeFirst() }
        return heap.first?.deadline
    }

    /// - Parameter newest: timers added after this one wait, even if they are due.
    /// - Returns: one timer whose deadline has come, earliest first, or nil.
    mutating func popDue(now: UInt64, upTo newest: TimerID) -> TimerID? {
        guard let deadline = nextDeadline(), deadline <= now, heap[0].serial <= newest.serial else { return nil }
        let serial = heap[0].serial
        live.remove(serial)
        removeFirst()
        return TimerID(serial: serial)
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        (left.deadline, left.serial) < (right.deadline, right.serial)
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
