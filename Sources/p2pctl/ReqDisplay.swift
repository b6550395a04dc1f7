import Control

/// How a `req` shows what happens: a bar redrawn in place on a terminal, plain lines in a pipe, or JSON.
struct ReqDisplay {
    private static let plainInterval = Duration.seconds(1)

    private enum Style {
        case json
        case bar
        case plain
    }

    private let style: Style
    private let name: String
    private var lastPlain: (moment: ContinuousClock.Instant, state: DownloadState, line: String)?

    init(json: Bool, name: String) {
        style = json ? .json : Terminal.canRedraw ? .bar : .plain
        self.name = name
    }

    mutating func run(_ client: inout ControlClient, _ params: ReqParams) throws(ControlFailure) {
        if style == .bar { draw(ProgressEvent.asking(name)) }
        let done: ReqDone
        do throws(ControlFailure) {
            done = try client.fetch(params) { (event) throws(ControlFailure) in try show(event) }
        } catch {
            wipe()
            throw error
        }
        wipe()
        switch style {
        case .json: try Terminal.show(json: EventLine(event: "done", fields: done))
        case .bar, .plain: try Terminal.show(ReqText.done(done))
        }
    }

    private mutating func show(_ event: ControlEvent) throws(ControlFailure) {
        switch (style, event) {
        case (.json, _): try Terminal.show(json: EventLine(event: event.kind.rawValue, fields: event))
        case (.plain, .found(let found)): try Terminal.show([ReqText.found(found)])
        case (.plain, .progress(let progress)): try showPlain(progress)
        case (.bar, .found(let found)):
            wipe()
            try Terminal.show([ReqText.found(found)])
        case (.bar, .progress(let progress)): draw(progress)
        }
    }

    /// At most one a second, but each change of state; nothing while nothing changes.
    private mutating func showPlain(_ progress: ProgressEvent) throws(ControlFailure) {
        let now = ContinuousClock.now
        if let last = lastPlain, last.state == progress.state, now - last.moment < ReqDisplay.plainInterval { return }
        let line = ReqText.progress(progress)
        guard line != lastPlain?.line else { return }
        lastPlain = (now, progress.state, line)
        try Terminal.show([line])
    }

    /// One column stays free: some terminals wrap when the last one is written.
    private func draw(_ progress: ProgressEvent) {
        Terminal.redraw(ProgressBar(progress).line(columns: Terminal.columns - 1))
    }

    private func wipe() {
        if style == .bar { Terminal.redraw("") }
    }
}

extension ProgressEvent {
    fileprivate static func asking(_ name: String) -> ProgressEvent {
        ProgressEvent(name: name, state: .asking, have: 0, length: 0, bytesPerSecond: 0, holders: 0)
    }
}
