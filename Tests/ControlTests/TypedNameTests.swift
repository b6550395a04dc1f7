import Testing

@testable import Control

@Suite struct TypedNameTests {
    @Test("A slash at the end makes a directory, which is named without it")
    func directories() throws {
        #expect(try TypedName("a/b").isTree == false)
        let directory = try TypedName("a/b/")
        #expect(directory.isTree)
        #expect(directory.name.path == "a/b")
        #expect(directory.text == "a/b/")
    }

    @Test(
        "What is no name is a usage failure that quotes it", arguments: ["", "/", "//", "a//", "../x", "/x", "a\u{1b}"])
    func refused(text: String) {
        do throws(ControlFailure) {
            _ = try TypedName(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.cause == .usage)
            #expect(!error.message.unicodeScalars.contains("\u{1b}"))
        }
    }
}
