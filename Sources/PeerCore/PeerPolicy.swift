import Content

/// The peer's times and caps.
public struct PeerPolicy: Sendable {
    /// To say `hello` after connecting, and to be welcomed by the manager.
    public var introduction: Span = .seconds(10)
    /// First and longest pause before connecting to the manager again; it doubles in between, with jitter.
    public var reconnectFirst: Span = .milliseconds(200)
    public var reconnectMax: Span = .seconds(15)
    /// After joining, before nobody is said to have a file: a manager broadcasts ten times a second, and its first roster
    /// lacks whoever joined in the same instant.
    public var settle: Span = .milliseconds(300)
    /// How long an ask by name waits for peers that do not answer, once somebody has the file.
    public var askWindow: Span = .seconds(3)
    /// How long it waits for those that did not answer the last time; and for everybody, before a download is begun
    /// without the last answers.
    public var askGrace: Span = .milliseconds(100)
    /// Between two asks of a peer that is still indexing.
    public var askAgain: Span = .milliseconds(500)
    /// A holder that sends no byte for this long loses its pieces.
    public var stall: Span = .seconds(5)
    /// A holder that brings next to nothing (`Lane.steadyBytes`) in this long does too: otherwise a few that send a byte
    /// now and then could hold every lane, or every piece buffer, for ever.
    public var drip: Span = .seconds(30)
    /// A download that has waited for a holder for so long leaves its place to others, and goes on beside them when one
    /// comes.
    public var placePatience: Span = .seconds(2)
    /// Between two searches for holders: of a download that has none (it doubles up to the longest), and of the lost ones
    /// of a download that still has others.
    public var seekFirst: Span = .seconds(1)
    public var seekMax: Span = .seconds(30)
    /// When all holders have been busy for so long and nothing has come, others are looked for as if there were none.
    public var starved: Span = .seconds(10)
    /// A connection between peers on which nothing happens is closed.
    public var idle: Span = .seconds(60)
    /// One that still owes what was called off is closed sooner if it is of no other use: what is asked next would wait
    /// behind that.
    public var clogged: Span = .seconds(1)
    /// A question that has waited for so long on a connection that carries pieces is asked on another one too: on one
    /// that carries none, or a new one, unless so many are spare already. One for each download that runs, and one.
    public var behindPieces: Span = .seconds(1)
    public var sparesMax = 4
    /// Bytes that the kernel was given to send may take so long to arrive.
    public var arrival: Span = .seconds(60)
    /// How often deadlines are looked at while there is a connection, request or download.
    public var sweep: Span = .milliseconds(250)
    /// Connections from other peers, at most; of them from one address, and of one peer.
    public var inboundMax = Caps.Peer.connections
    public var inboundPerAddressMax = Caps.Peer.connectionsFromAddress
    public var inboundPerPeerMax = Caps.Peer.connectionsOfPeer
    /// Connections to other peers being opened or waiting for an answer at one time.
    public var contactsMax = 1024
    /// Holders of all of a file that one download fetches from at one time. Each may hold a piece buffer.
    public var lanesMax = 16
    /// Other fetchers of the same file that a download keeps in touch with, and fetches from.
    public var rivalsMax = 50
    /// Downloads that run at one time; the others wait for their turn.
    public var runningMax = 4
    /// Requests by clients waiting for an answer.
    public var requestsMax = Caps.Peer.clientRequests
    public var downloadsMax = 256
    /// Unanswered `hashesRequest`s of one download: pages of 256 KiB.
    public var layerPagesAhead = 4
    /// Piece digests that have not come from one holder for so long are asked of another.
    public var layerPatience: Span = .milliseconds(100)
    /// Between two looks whether there is room for a download that waits for it.
    public var spaceCheck: Span = .seconds(2)
    /// What is made of the time after which a busy holder wants to be asked again.
    public var busyMin: Span = .milliseconds(100)
    public var busyMax: Span = .seconds(60)
    /// How often a peer may send what it should not before it is refused, and for how long.
    public var strikesMax = 3
    public var ban: Span = .seconds(3600)
    public var bansMax = 1024

    public init() {}

    /// Leaves room for files and all else where few descriptors may be open: half are for those who come, an eighth for
    /// those who are gone to.
    public mutating func fit(descriptors: Int) {
        inboundMax = max(1, min(inboundMax, descriptors / 2))
        inboundPerAddressMax = max(1, min(inboundPerAddressMax, inboundMax / 4))
        contactsMax = max(1, min(contactsMax, descriptors / 8))
    }
}
