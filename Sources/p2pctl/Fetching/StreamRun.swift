import Content
import Control

/// `req --stdout`: one request, whose file goes to standard output while it comes.
struct StreamRun {
    let name: TypedName
    let call: ControlCall

    /// Returns when every byte is written.
    func run(_ client: inout ControlClient, _ display: inout FetchDisplay) throws(ControlFailure) {
        let interrupt = Interrupt(catching: true)
        var stream = StreamOutput()
        let done = try fetch(&client, interrupt, &stream, &display)
        if done.already { try SharedFile.verify(name, &client, interrupt) }
        // A file that was here before is read where it is.
        let isOpen = try stream.isDelivered || done.length == 0
        let path = isOpen ? nil : try SharedFile.path(of: name.name, &client)
        try stream.whole(path, length: done.length ?? 0)
        while stream.hasMore { try drain(&stream, interrupt) }
        try display.end(0, done)
    }

    private func fetch(
        _ client: inout ControlClient, _ interrupt: borrowing Interrupt, _ stream: inout StreamOutput,
        _ display: inout FetchDisplay
    ) throws(ControlFailure) -> ReqDone {
        let id = try client.send(call)
        while true {
            let writable = stream.hasMore ? StreamOutput.descriptor : nil
            switch try heard(&client, interrupt, writable) {
            case .writable: try stream.writeSome()
            case .answer(.event(let notification)):
                guard notification.request == id else { break }
                stream.heard(notification.event)
                try display.show(notification.event, of: 0)
            case .answer(.result(let answered, let done)): if answered == id { return done }
            case .answer(.failure(let answered, let failure)): if answered == id || answered == nil { throw failure }
            case .answer(.unknownEvent): break
            }
        }
    }

    private func heard(
        _ client: inout ControlClient, _ interrupt: borrowing Interrupt, _ writable: Int32?
    ) throws(ControlFailure) -> ControlClient.Heard<ReqDone> {
        do throws(ControlFailure) {
            return try client.next(ReqDone.self, interrupt, writable: writable)
        } catch {
            throw error.cause == .interrupted ? FetchRun.interrupted([name]) : error
        }
    }

    private func drain(_ stream: inout StreamOutput, _ interrupt: borrowing Interrupt) throws(ControlFailure) {
        switch interrupt.wait(readable: nil, writable: StreamOutput.descriptor, seconds: nil) {
        case .interrupted:
            throw ControlFailure(.interrupted, "interrupted; \(name.text) is in the share, but was not written whole")
        case .readable, .writable, .silent: try stream.writeSome()
        }
    }
}
