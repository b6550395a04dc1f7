import Testing

@testable import Node

struct InputQueueTests {
    @Test("Inputs come out in the order in which they went in")
    func inOrder() {
        var queue = InputQueue<Int>()
        for input in 1...3 { queue.append(input) }
        var seen: [Int] = []
        while let next = queue.next() {
            seen.append(next)
            queue.done()
        }
        #expect(seen == [1, 2, 3])
    }

    @Test("What an input's effects bring waits until all of its effects are done")
    func effectsFeedInputs() {
        final class Machine {
            var queue = InputQueue<Int>()
            var log: [String] = []

            /// Input n has effects n.1 and n.2; the first of 1 feeds 3, the first of 3 feeds 4.
            func feed(_ input: Int) {
                queue.append(input)
                while let next = queue.next() {
                    for effect in 1...2 {
                        log.append("\(next).\(effect)")
                        if effect == 1, next == 1 || next == 3 { feed(next == 1 ? 3 : 4) }
                    }
                    queue.done()
                }
            }
        }
        let machine = Machine()
        machine.feed(1)
        machine.feed(5)
        #expect(machine.log == ["1.1", "1.2", "3.1", "3.2", "4.1", "4.2", "5.1", "5.2"])
    }

    @Test("Nothing comes out while an input is being worked on")
    func oneAtATime() {
        var queue = InputQueue<Int>()
        queue.append(1)
        queue.append(2)
        #expect(queue.next() == 1)
        #expect(queue.next() == nil)
        queue.done()
        #expect(queue.next() == 2)
        queue.done()
        #expect(queue.next() == nil)
        queue.append(3)
        #expect(queue.next() == 3)
    }
}
