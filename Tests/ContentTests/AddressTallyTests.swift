import Testing

@testable import Content

@Suite struct AddressTallyTests {
    private let here = PeerAddress(ipv4: 0x7F00_0001, port: 1)
    private let there = PeerAddress(ipv4: 0x7F00_0002, port: 1)

    @Test("Hosts are counted apart, and their ports alike")
    func counts() {
        var tally = AddressTally()
        tally.add(here)
        tally.add(here.with(port: 2))
        tally.add(there)
        #expect(tally.count(from: here.with(port: 3)) == 2 && tally.count(from: there) == 1)
        tally.remove(here.with(port: 9))
        #expect(tally.count(from: here) == 1)
    }

    @Test("Below nothing there is nothing")
    func empties() {
        var tally = AddressTally()
        tally.remove(here)
        tally.add(here)
        tally.remove(here)
        tally.remove(here)
        #expect(tally.count(from: here) == 0)
        tally.add(here)
        #expect(tally.count(from: here) == 1)
    }
}
