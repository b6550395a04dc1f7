import Content

/// Every cap of the protocol, with its reason. Sizes are bytes.
public enum WireLimits {
    /// `u32 length, u8 type`.
    public static let headerSize = 5
    /// A label is shown in lists; host names have at most 64 characters (gethostname(2)).
    public static let labelMax = 64
    /// A reason for people, one line.
    public static let reasonMax = 256
    /// Entries in one snapshot page or delta, joined and left together: some 200 KiB, which a slow reader's queue can hold.
    public static let rosterEntriesPerFrameMax = 2048
    /// Peers in a roster. A swarm of 10,000 is what the system is built for; beyond this a manager refuses.
    public static let rosterMax = 65_536
    /// Digests in one `hashes`: 256 KiB.
    public static let digestsPerFrameMax = 8192
    /// Pieces in a file: what `PieceLayout` allows at most.
    public static let pieceCountMax = 1 << 20
    /// Pieces in one `chunk`. A requester asks for more when it has used them up.
    public static let chunkPiecesMax = 64
    /// Chunks that one connection may have waiting.
    public static let chunksWaitingMax = Caps.Peer.chunksOnConnection
    /// Runs of pieces in one `nowHave`: what a download gains in a second fits many times over.
    public static let runsPerFrameMax = 512
    /// Peers in one `introduce`: a sample is enough, since whoever is introduced introduces others in turn.
    public static let introducedMax = 50
    /// Bytes in one piece.
    public static let pieceSizeMax = 1 << 22
}
