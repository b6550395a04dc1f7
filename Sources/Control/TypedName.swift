import Content

/// A name as people type it: one that ends in a slash is a directory's, and means all below it.
public struct TypedName: Hashable, Sendable {
    public let name: ShareName
    public let isTree: Bool

    public init(_ name: ShareName, isTree: Bool) {
        self.name = name
        self.isTree = isTree
    }

    /// - Throws: a failure that quotes what was typed and says what is wrong with it.
    public init(_ text: String) throws(ControlFailure) {
        let slash = UInt8(ascii: "/")
        let isTree = text.utf8.count > 1 && text.utf8.last == slash
        do throws(ShareNameError) {
            name = try ShareName(isTree ? String(decoding: text.utf8.dropLast(), as: UTF8.self) : text)
            self.isTree = isTree
        } catch {
            throw ControlFailure(
                .usage, "\"\(TerminalText.escape(text))\" is no name of a file or directory in the swarm: \(error)")
        }
    }

    /// As it is typed, and named to people.
    public var text: String { isTree ? name.path + "/" : name.path }
}
