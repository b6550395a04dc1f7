import ArgumentParser
import Content
import Posix

struct EchoServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer every ping with a pong, on one reactor thread, until a signal ends it; see echo.")

    @Option(help: ArgumentHelp("Where to listen.", valueName: "addr:port"))
    var listen = "127.0.0.1:60506"

    func validate() throws {
        guard PeerAddress(listen) != nil else { throw ValidationError("--listen takes ADDR:PORT, not \(listen)") }
    }

    func run() throws {
        guard let address = PeerAddress(listen) else { return }
        DescriptorLimit.raise()
        let node = try EchoNode()
        _ = try node.transport.listen(on: address)
        Line.print(#"{"event":"listening"}"#)
        while true { try node.reactor.tick(node) }
    }
}
