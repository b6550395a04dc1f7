import Content
import Posix
import Storage
import Wire

/// A chunk of one small file that is to be sent: cheaper to read with many others than to open and send by itself.
struct SmallFile: Sendable {
    /// Bytes of a file that is sent so, at most. What is larger goes by sendfile(2), uncopied.
    static let lengthMax: UInt64 = 64 << 10

    let name: ShareName
    let root: FileRoot
    let identity: FileIdentity
}

/// Chunks of small files as they go out, one after the other, each with its end.
struct SmallAnswer: Sendable {
    /// Frames and the bytes between them.
    var frames: [UInt8] = []
    /// Bytes of files.
    var fileBytes = 0
    /// Files that are not what was indexed: nothing of them is in it but the end.
    var changed: [ShareName] = []

    init(_ files: [SmallFile], in share: Share, busyAfter milliseconds: UInt32) {
        frames.reserveCapacity(files.reduce(0) { $0 + Int($1.root.length) + 64 })
        for file in files { append(file, share, milliseconds) }
    }

    private mutating func append(_ file: SmallFile, _ share: Share, _ busyAfter: UInt32) {
        let start = frames.count
        let length = Int(file.root.length)
        Message.piece(index: 0, length: length).encode(into: &frames)
        do throws(SystemError) {
            if try share.read(file.name, as: file.identity, into: &frames) {
                fileBytes += length
                return Message.endOfChunk(first: 0, .complete).encode(into: &frames)
            }
            changed.append(file.name)
            frames.removeSubrange(start...)
            Message.endOfChunk(first: 0, .gone).encode(into: &frames)
        } catch {
            frames.removeSubrange(start...)
            if error.isOutOfDescriptors {
                // That this daemon is short of descriptors says nothing of the file.
                return Message.busy(first: 0, retryAfter: busyAfter).encode(into: &frames)
            }
            changed.append(file.name)
            Message.endOfChunk(first: 0, .gone).encode(into: &frames)
        }
    }
}
