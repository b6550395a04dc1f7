import Content
import Control

/// A file of the daemon's share that is read here.
enum SharedFile {
    /// Where the daemon keeps it.
    static func path(of name: ShareName, _ client: inout ControlClient) throws(ControlFailure) -> String {
        try client.ask(.status, StatusReply.self).share + "/" + name.path
    }

    /// Has a file hashed that was in the share before: what came just now was verified piece by piece, but what has lain
    /// there for long may have rotted.
    /// - Throws: unless its bytes are those that were indexed.
    static func verify(
        _ name: TypedName, _ client: inout ControlClient, _ interrupt: borrowing Interrupt
    ) throws(ControlFailure) {
        var found: VerifiedEvent?
        let reply = try client.converse(.verify(VerifyParams(names: [name])), VerifyReply.self, interrupt) { event in
            if case .verified(let file) = event { found = file }
        }
        guard reply.ok == 0 else { return }
        let reason = found?.message ?? "it could not be verified"
        switch found?.result {
        case .rotten:
            throw ControlFailure(
                .rotten,
                "\(name.text) was here before, and has rotted on the disk since: \(reason); `p2pctl verify --repair` mends "
                    + "it from others")
        case .ok, .changed, .indexing, .missing, .error, .repaired, nil:
            throw ControlFailure(
                .disk, "\(name.text) was here before, and cannot be read out of the share: \(reason); ask for it again")
        }
    }
}
