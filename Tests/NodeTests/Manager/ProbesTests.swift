import Content
import Testing

@testable import Node

struct ProbesTests {
    private func connection(_ number: UInt64) -> ConnectionID { ConnectionID(rawValue: number) }

    private func wanted(_ number: UInt64) -> Probes.Wanted {
        .init(joiner: connection(number), address: PeerAddress(ipv4: 0x7F00_0001, port: UInt16(number)))
    }

    @Test("So many are under way at a time; the next begins when one has ended, in the order of asking")
    func bounded() throws {
        var probes = Probes(atMost: 2)
        for number in 1...4 as ClosedRange<UInt64> { probes.add(wanted(number)) }
        for number in 1...2 as ClosedRange<UInt64> {
            let next = probes.next()
            #expect(next?.joiner == connection(number))
            probes.began(connection(100 + number), for: wanted(number))
        }
        #expect(probes.next()?.joiner == nil)
        #expect(probes.ended(connection(102)) == connection(2))
        #expect(probes.next()?.joiner == connection(3))
    }

    @Test("A joiner that goes frees the place of its probe, or leaves the line")
    func forgets() {
        var probes = Probes(atMost: 1)
        for number in 1...3 as ClosedRange<UInt64> { probes.add(wanted(number)) }
        _ = probes.next()
        probes.began(connection(101), for: wanted(1))
        #expect(probes.forget(connection(2)) == nil)
        #expect(probes.forget(connection(1)) == connection(101))
        #expect(!probes.contains(connection(101)) && probes.ended(connection(101)) == nil)
        #expect(probes.next()?.joiner == connection(3))
    }

    @Test("To forget somebody unknown does nothing")
    func unknown() {
        var probes = Probes(atMost: 1)
        #expect(probes.forget(connection(1)) == nil && probes.ended(connection(1)) == nil)
        probes.add(wanted(1))
        #expect(probes.next()?.joiner == connection(1))
    }
}
