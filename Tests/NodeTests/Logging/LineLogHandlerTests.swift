import Logging
import Synchronization
import Testing

@testable import Node

/// Where a test's handler writes.
private final class Written: Sendable {
    private let text = Mutex<[String]>([])

    var lines: [String] { text.withLock { $0 } }

    func append(_ bytes: [UInt8]) {
        text.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
    }
}

@Suite struct LineLogHandlerTests {
    private struct Broken: Error {}
    private let written = Written()

    private func logger(_ level: Logger.Level) -> Logger {
        let written = written
        return Logger(label: "test") { _ in
            LineLogHandler(
                logLevel: level, write: { written.append($0) },
                now: { UnixTime(milliseconds: 0) })
        }
    }

    @Test("every event at or above the level is written at once, and none below it")
    func levels() {
        let logger = logger(.notice)
        logger.info("no")
        logger.notice("yes")
        logger.critical("also")
        #expect(
            written.lines == ["1970-01-01T00:00:00.000Z notice yes\n", "1970-01-01T00:00:00.000Z critical also\n"])
    }

    @Test("the event's metadata beats the logger's, and an error is shown beside them")
    func metadata() {
        var logger = logger(.info)
        logger[metadataKey: "a"] = "1"
        logger[metadataKey: "b"] = "2"
        logger.info("m", metadata: ["b": "3"])
        logger.error("m", error: Broken())
        #expect(
            written.lines == [
                "1970-01-01T00:00:00.000Z info m a=1 b=3\n",
                "1970-01-01T00:00:00.000Z error m a=1 b=2 error=Broken()\n",
            ])
    }
}
