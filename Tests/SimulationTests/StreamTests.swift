import Content
import Testing

@testable import Simulation

@Suite struct StreamTests {
    @Test("What is sent on a connection comes out in order, also if a later item was faster")
    func order() {
        var stream = Stream()
        let dues: [UInt64] = [50, 10, 70, 20]
        for (index, due) in dues.enumerated() {
            let contents = Contents(root: .empty, index: index, isRight: true)
            stream.append(.bytes(1, contents), due: Moment(nanoseconds: due))
        }
        var seen: [Int] = []
        for nanoseconds in stride(from: UInt64(0), through: 100, by: 5) {
            while case .bytes(_, let contents)? = stream.pop(until: Moment(nanoseconds: nanoseconds)) {
                seen.append(contents.index)
            }
        }
        #expect(seen == [0, 1, 2, 3])
    }
}
