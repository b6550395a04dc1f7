import Content
import Testing

@testable import PeerCore

@Suite struct QuestionsTests {
    private let wish = Questions.Purpose.wish(RequestID(rawValue: 1))
    private let download = Questions.Purpose.download(DownloadID(rawValue: 1))

    @Test("An answer is taken once, and only from whom was asked")
    func once() {
        var questions = Questions()
        let number = questions.add(to: .number(1), for: wish, now: Moment(nanoseconds: 0))
        #expect(questions.take(number, from: .number(2))?.purpose == nil)
        #expect(questions.take(number &+ 1, from: .number(1))?.purpose == nil)
        #expect(questions.take(number, from: .number(1))?.purpose == wish)
        #expect(questions.take(number, from: .number(1))?.purpose == nil)
    }

    @Test("A purpose is open as long as anybody has to answer for it")
    func open() {
        var questions = Questions()
        let number = questions.add(to: .number(1), for: download, now: Moment(nanoseconds: 0))
        #expect(questions.isOpen(download) && !questions.isOpen(wish))
        #expect(questions.isAsking(.number(1), for: download) && !questions.isAsking(.number(1), for: wish))
        _ = questions.take(number, from: .number(1))
        #expect(!questions.isOpen(download) && !questions.isAsking(.number(1), for: download))
    }
}
