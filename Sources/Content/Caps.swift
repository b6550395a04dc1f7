/// What others may make a daemon keep for them: connections, requests and bytes that wait to be sent; in total, and from
/// one address and of one peer where these are bounded by themselves. What it keeps of its own accord, and what one message
/// may hold, is bounded beside the code that keeps it.
public enum Caps {
    /// Of a peer.
    public enum Peer {
        // MARK: Connections

        /// That others have opened: each holds a descriptor and about 4 KiB.
        public static let connections = 4096
        /// Of them from one address, which may be that of many peers behind a router; the others are for everybody else.
        public static let connectionsFromAddress = 1024
        /// And of one peer, whatever its address: it needs one, two when both ends connect at once, more when questions
        /// wait behind pieces, and a few more when it lost some without our knowing.
        public static let connectionsOfPeer = 8

        // MARK: Requests

        /// Chunks that wait on one connection. A requester keeps far fewer, but of small files, each of which is a chunk,
        /// a few hundred: with fewer it would wait for answers more than for data. Of one peer that is eight times as
        /// many, in one line with one turn; in total those of the peers that are served or in line, since who comes
        /// besides is told to come back, which ends the chunk.
        public static let chunksOnConnection = 512
        /// Peers in line for their turn, in total; the next is told when to come back. A longer line would not get
        /// anywhere within the time that anybody waits. An address has no line of its own: its peers may be many.
        public static let peersInLine = 256
        /// Of clients of this machine, waiting for an answer.
        public static let clientRequests = 1024

        // MARK: Bytes

        /// For one connection to read: several pages of digests, and any number of answers. A question is answered at
        /// once, so that what waits of it are the bytes of its answer. Of one peer that is eight times as much.
        public static let queuedOnConnection = 4 << 20
        /// For all of them together. Beyond it, those are dropped that have more waiting than `queuedShare`, whatever
        /// their peer and address: whoever reads has less.
        public static let queued = 48 << 20
        public static let queuedShare = 64 << 10
    }

    /// Of a manager. Its members are as many as its settings say; of each it has one connection.
    public enum Manager {
        // MARK: Connections

        /// That have not introduced themselves: many more than a burst of joins ever has at one time.
        public static let newcomers = 4096
        /// Of them from one address, which may be that of many peers behind a router; the others are for everybody else.
        public static let newcomersFromAddress = 1536

        // MARK: Requests

        /// Addresses that are tried at one time, each once for each join; the others wait for their turn.
        public static let probes = 1024

        // MARK: Bytes

        /// For one connection to read: a roster of 65,536 entries is 7 MB, and whoever lets more than that pile up does
        /// not read.
        public static let queuedOnConnection = 16 << 20
        /// For all of them together, each counted though the rosters of one broadcast are one and the same in memory, as
        /// all large frames are. Beyond it, those are dropped that have not read all that waited for them for
        /// `queuedSpan`: after a burst of joins more may wait, 6 GB for 10,000 members, but on a link of 1 Gbit/s not so
        /// long. Who reads a byte now and then cannot make it keep rosters that are older.
        public static let queued = 256 << 20
        public static let queuedSpan = Span.seconds(60)
    }
}
