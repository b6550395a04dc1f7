import Control

/// How requests show what happens: bars redrawn in place on a terminal, plain lines in a pipe, or JSON.
struct FetchDisplay {
    private static let plainInterval = Duration.seconds(1)
    private static let drawInterval = Duration.milliseconds(50)

    private enum Style {
        case json
        case bars
        case plain
        /// Failures only.
        case quiet
    }

    private struct PlainLine {
        let moment: ContinuousClock.Instant
        let state: DownloadState
        let text: String
    }

    private let output: Output
    private let style: Style
    private let names: [TypedName]
    private let isWhole: Bool
    private var running: [Int: ProgressEvent] = [:]
    private var plain: [Int: PlainLine] = [:]
    private var board = BarBoard()
    private var lastDrawn: ContinuousClock.Instant?

    /// - Parameters:
    ///   - names: what is asked for; everything else names it by its place here.
    ///   - quiet: shows nothing of what goes well to people.
    ///   - isWhole: the requests last as long as the downloads.
    init(_ names: [TypedName], _ output: Output, quiet: Bool = false, isWhole: Bool = true) {
        self.names = names
        self.isWhole = isWhole
        self.output = output
        style =
            output.json
            ? .json : quiet ? .quiet : Terminal.canRedraw(besides: output.descriptor) ? .bars : .plain
    }

    /// Shows that all of them are asked for, before the daemon says anything.
    mutating func begin() {
        guard style == .bars, let name = names.first, names.count == 1 else { return }
        running[0] = .asking(name)
        draw()
    }

    mutating func show(_ event: ControlEvent, of index: Int) throws(ControlFailure) {
        let event = event.named(names[index].text)
        switch (event, style) {
        case (.found(let found), .json): try output.show(json: EventLine(event: event.kind.rawValue, fields: found))
        case (.found(let found), .bars), (.found(let found), .plain): try say([ReqText.found(found)])
        case (.progress, .json): try output.show(json: EventLine(event: event.kind.rawValue, fields: event))
        case (.progress(let progress), .bars):
            running[index] = progress
            drawInTime()
        case (.progress(let progress), .plain): try showPlain(progress, of: index)
        case (.found, .quiet), (.progress, .quiet), (.ready, _), (.verified, _): break
        }
    }

    /// - Parameter copy: where p2pctl put a copy of the file.
    mutating func end(_ index: Int, _ done: ReqDone, copy: OutputCopy? = nil) throws(ControlFailure) {
        running[index] = nil
        var done = done
        done.name = names[index].text
        switch style {
        case .json: try output.show(json: EventLine(event: "done", fields: DoneLine(done: done, copy: copy)))
        case .bars, .plain: try say(ReqText.done(done, isWhole: isWhole) + (copy?.lines ?? []))
        case .quiet: break
        }
    }

    mutating func end(_ index: Int, _ failure: ControlFailure) {
        running[index] = nil
        wipe()
        output.tell(failure, name: names[index].text)
        drawInTime()
    }

    /// Says something between the bars, to people only.
    mutating func say(_ lines: [String]) throws(ControlFailure) {
        guard style == .bars || style == .plain else { return }
        wipe()
        try output.show(lines)
        drawInTime()
    }

    /// Leaves nothing behind that would be in the way of what comes next.
    mutating func wipe() {
        guard style == .bars else { return }
        board.draw([])
        lastDrawn = nil
    }

    /// At most one a second for each, but each change of state; nothing while nothing changes.
    private mutating func showPlain(_ progress: ProgressEvent, of index: Int) throws(ControlFailure) {
        let now = ContinuousClock.now
        let last = plain[index]
        if let last, last.state == progress.state, now - last.moment < FetchDisplay.plainInterval { return }
        let text = ReqText.progress(progress)
        guard text != last?.text else { return }
        plain[index] = PlainLine(moment: now, state: progress.state, text: text)
        try output.show([text])
    }

    private mutating func drawInTime() {
        let now = ContinuousClock.now
        if let lastDrawn, now - lastDrawn < FetchDisplay.drawInterval { return }
        lastDrawn = now
        draw()
    }

    /// One column stays free: some terminals wrap when the last one is written.
    private mutating func draw() {
        guard style == .bars else { return }
        let columns = Terminal.columns - 1
        let events = running.sorted { ($0.value.isIdle ? 1 : 0, $0.key) < ($1.value.isIdle ? 1 : 0, $1.key) }.map(
            \.value)
        guard names.count > 1 else { return board.draw(events.map { ProgressBar($0).line(columns: columns) }) }
        let shown = events.count > BarBoard.room ? BarBoard.room - 1 : events.count
        let rest = events.count - shown
        board.draw(
            events.prefix(shown).map { ProgressBar($0).namedLine(columns: columns) }
                + (rest > 0 ? ["and \(rest) more"] : []))
    }
}

/// The fields of a `done` event: the daemon's, and where p2pctl put a copy.
private struct DoneLine: Encodable {
    let done: ReqDone
    let copy: OutputCopy?

    private enum CodingKeys: CodingKey {
        case output, outputBackup
    }

    func encode(to encoder: any Encoder) throws {
        try done.encode(to: encoder)
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(copy?.path, forKey: .output)
        try fields.encodeIfPresent(copy?.backup, forKey: .outputBackup)
    }
}

extension ControlEvent {
    /// With a name as it was typed: a directory's with its slash.
    fileprivate func named(_ name: String) -> ControlEvent {
        switch self {
        case .found(var event):
            event.name = name
            return .found(event)
        case .progress(var event):
            event.name = name
            return .progress(event)
        case .ready, .verified: return self
        }
    }
}

extension ProgressEvent {
    fileprivate static func asking(_ name: TypedName) -> ProgressEvent {
        ProgressEvent(name: name.text, state: .asking, have: 0, length: 0, bytesPerSecond: 0, holders: 0)
    }

    /// Nothing moves: what moves is shown first where there is not room for all.
    fileprivate var isIdle: Bool {
        switch state {
        case .queued, .paused, .kept, .failed, .done: true
        case .asking, .fetching, .waiting, .checking, .finishing: false
        }
    }
}
