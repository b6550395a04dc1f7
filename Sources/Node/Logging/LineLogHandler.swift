import FoundationEssentials
import Logging
import Posix

/// A swift-log backend that writes one line an event to standard error, each with one write(2).
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let write: @Sendable ([UInt8]) -> Void
    private let now: @Sendable () -> UnixTime

    /// - Parameter logLevel: events below it are not written.
    public init(logLevel: Logger.Level) {
        self.init(logLevel: logLevel, write: StandardError.write, now: { UnixTime.now })
    }

    init(
        logLevel: Logger.Level, write: @escaping @Sendable ([UInt8]) -> Void, now: @escaping @Sendable () -> UnixTime
    ) {
        self.logLevel = logLevel
        self.write = write
        self.now = now
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, newer in newer } }
        if let given = event.metadata { all.merge(given) { _, newer in newer } }
        if let error = event.error { all["error"] = .string(String(describing: error)) }
        let line = LogLine.text(time: now(), level: event.level, message: event.message.description, metadata: all)
        write(Array(line.utf8))
    }
}

extension Logger {
    /// A logger of lines on standard error.
    public static func lines(level: Logger.Level) -> Logger {
        Logger(label: "p2pd") { _ in LineLogHandler(logLevel: level) }
    }
}

extension UnixTime {
    /// The wall clock.
    static var now: UnixTime { UnixTime(milliseconds: UInt64(max(0, Date().timeIntervalSince1970 * 1000))) }
}
