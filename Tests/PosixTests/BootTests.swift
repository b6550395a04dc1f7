import Foundation
import Posix
import Testing

@Suite struct BootTests {
    @Test("A boot has one id, which is a UUID")
    func isStable() throws {
        let id = try #require(Boot.id())
        #expect(UUID(uuidString: id) != nil)
        #expect(Boot.id() == id)
    }
}
