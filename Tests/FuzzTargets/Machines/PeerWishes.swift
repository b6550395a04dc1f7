import Content
import PeerCore
import Wire

/// What clients and the share want of a fuzzed peer, and what hostile peers say to it.
extension PeerWorld {
    mutating func wish() throws {
        let name = choices.element(of: things.names) ?? things.tree
        let bits = choices.byte()
        let file = things.file(named: name)
        var rot: Rot?
        if bits & 0x60 == 0x60, let file, file.layout.pieceCount > 1 {
            var bad = PieceSet(pieceCount: file.layout.pieceCount)
            bad.insert(choices.below(file.layout.pieceCount))
            rot = Rot(root: file.root, layer: file.layer, bad: bad)
        }
        let wish =
            rot.map { FetchWish.repairing(name, $0, timeout: .seconds(30)) }
            ?? FetchWish(
                name: name, tree: name == things.tree, digest: bits & 1 == 1 ? file?.root.digest : nil,
                force: bits & 2 == 2, sync: bits & 4 == 0, timeout: .seconds(bits & 8 == 8 ? 1 : 100_000),
                choose: bits & 16 == 16 ? .newest : .only, background: bits & 32 == 32, inOrder: bits & 64 == 64)
        try feed(.wish(newRequest(), wish))
    }

    mutating func ask() throws {
        let name = choices.element(of: things.names) ?? things.tree
        let id = newRequest()
        switch choices.below(9) {
        case 0: try feed(.pause(id, name))
        case 1: try feed(.resume(id, name))
        case 2: try feed(.cancel(id, name, keepData: choices.flag()))
        case 3: try feed(.pause(id, nil))
        case 4: try feed(.resume(id, nil))
        case 5: try feed(.prioritize(id, name, choices.below(201) - 100))
        case 6: try feed(.survey(id, name, isTree: name == things.tree))
        case 7: try feed(.wait(id, name, isTree: name == things.tree))
        default: try feed(.lift(id, choices.flag() ? .all : .peer(.fuzzed(UInt64(choices.below(9))))))
        }
    }

    mutating func share() throws {
        guard let file = choices.element(of: things.files) else { return }
        switch choices.below(6) {
        case 0: try feed(.indexed(file.shared))
        case 1: try feed(.withdrawn(file.name))
        case 2: try feed(.settling(file.name))
        case 3: try feed(.indexing(choices.flag()))
        case 4: try feed(.judged(file.name, isRotten: choices.flag()))
        default: try feed(.directoryChanged(file.name))
        }
    }

    /// What an earlier run of the daemon left; before everything else.
    mutating func restore() throws {
        for number in 0..<choices.below(3) {
            guard let file = choices.element(of: things.files) else { return }
            var pieces = PieceSet(pieceCount: file.layout.pieceCount)
            pieces.insert(0..<choices.below(8))
            var kind = file.name == things.tree ? DownloadEntry.Kind.tree : .file
            if kind == .file, choices.below(4) == 3 {
                var bad = PieceSet(pieceCount: file.layout.pieceCount)
                for _ in 0...choices.below(4) { bad.insert(choices.below(8)) }
                kind = .repair(bad: bad)
            }
            let entry = DownloadEntry(
                id: DownloadID(rawValue: UInt64(number) + 1), kind: kind,
                name: file.name, root: file.root, modified: 1, replacing: choices.flag(), keepsBackup: true,
                sync: choices.flag(), priority: 0, state: choices.below(4) == 3 ? .paused : .running)
            let layer = choices.below(4) == 3 ? nil : file.layer
            try feed(.restored(StoredDownload(entry: entry, layer: layer, pieces: pieces)))
        }
        if choices.flag() {
            let ban = Ban(
                peer: .fuzzed(1), address: .fuzzed(1), reason: "lies", until: Moment(nanoseconds: 1_000_000_000))
            try feed(.restoredBan(ban))
        }
    }

    // MARK: Hostile peers

    /// Any message, about things that there are, in or out of turn.
    mutating func sayAnything() throws {
        guard let connection = choices.element(of: connections)?.id, let file = choices.element(of: things.files) else {
            return
        }
        let (root, last) = (file.root, max(0, file.layout.pieceCount - 1))
        let first = min(last, choices.below(256))
        let count = 1 + min(last - first, choices.below(64))
        let number = UInt32(choices.below(16))
        let message: Message? =
            switch choices.below(14) {
            case 0: .req(request: number, .name(file.name))
            case 1: .req(request: number, choices.flag() ? .root(root) : .digest(root.digest))
            case 2: .req(request: number, .tree(file.name))
            case 3: FileOffer(root: root, modified: 1, name: file.name).map { .have(request: number, $0) }
            case 4: .notHave(request: number, .unknown)
            case 5: .hashesRequest(root, first: first, count: count)
            case 6: .hashes(root, first: first, Array(file.layer.dropFirst(first).prefix(count)))
            case 7: .chunk(root, first: first, count: count)
            case 8: .piece(index: first, length: 1 << 20)
            case 9: .endOfChunk(first: first, .complete)
            case 10: .cancel(root, first: first, count: count)
            case 11: .nowHave(root, [first..<first + count])
            case 12: .introduce(root, (0..<count).map { .fuzzed(UInt64($0 % 12)) })
            default: .refused(.leaving, reason: "")
            }
        // What the decoder would not let through never reaches the machine.
        guard let message, (try? MessageTarget.decode(message.encoded)) == message else { return }
        try say(message, on: connection)
    }

    mutating func sayBytes() throws {
        guard let connection = choices.element(of: connections)?.id else { return }
        var decoder = FrameDecoder()
        choices.take(choices.below(256)).withUnsafeBytes { decoder.append($0) }
        while self[connection]?.receiving == nil, let message = try? decoder.next() {
            try say(message, on: connection)
        }
    }
}
