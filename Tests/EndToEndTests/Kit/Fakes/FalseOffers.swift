import Content
import Wire

/// Offers that no encoder would write: of pieces that the file does not have. The number of its pieces is no multiple of
/// eight.
enum FalseOffers {
    /// A `have` of all pieces, and of one more.
    static func beyondEnd(_ file: FakeFile, request: UInt32) -> [UInt8] {
        guard let offer = file.partialOffer(0..<file.layer.count) else { return [] }
        var frame = Message.have(request: request, offer).encoded
        // The set of pieces ends the frame.
        frame[frame.count - 1] |= 0x80
        return frame
    }

    /// A `have` whose set of pieces has a byte too many.
    static func longSet(_ file: FakeFile, request: UInt32) -> [UInt8] {
        guard let offer = file.partialOffer(0..<file.layer.count) else { return [] }
        var frame = Message.have(request: request, offer).encoded + [1]
        frame[0] += 1
        return frame
    }

    /// A `nowHave` of the piece that would come after the last.
    static func gainBeyondEnd(_ file: FakeFile) -> [UInt8] {
        var frame = Message.nowHave(file.root, [0..<1]).encoded
        // Its only run ends the frame: the first piece and how many there are, 4 bytes each.
        frame[frame.count - 8] = UInt8(file.layer.count)
        return frame
    }
}

extension FakeFile {
    /// The file's offer by somebody who has only some pieces.
    func partialOffer(_ pieces: Range<Int>) -> FileOffer? {
        var held = PieceSet(pieceCount: layer.count)
        held.insert(pieces)
        return FileOffer(root: root, modified: offer.modified, name: offer.name, holding: .pieces(held))
    }
}
