import Posix

extension PartialStore {
    /// Moves partial files to a new directory beside theirs, when the records that tell what is in them are set aside or
    /// cannot be read: without a record they would be removed.
    /// - Parameters:
    ///   - suffix: of the new directory's name.
    ///   - isMeant: for their names.
    /// - Returns: where they are now; nil if there are none.
    public func setAside(
        _ suffix: String, where isMeant: (String) -> Bool = { _ in true }
    ) throws(SystemError) -> String? {
        let names = try directory.entries().filter { $0.kind == .regular }
            .map { String(decoding: $0.name, as: UTF8.self) }.filter { PartialStore.isOurs($0) && isMeant($0) }
        guard !names.isEmpty else { return nil }
        let target = try makeDirectory("\(place.name).\(suffix)")
        for name in names { try directory.rename(name, to: target, as: name, replacing: false) }
        for changed in [place.parent, target, directory] { try changed.sync() }
        return target.path
    }

    private func makeDirectory(_ wanted: String) throws(SystemError) -> Directory {
        var (name, number) = (wanted, 1)
        while try !place.parent.makeDirectory(name, mode: 0o700) {
            number += 1
            name = "\(wanted)-\(number)"
        }
        return try place.parent.openDirectory(name)
    }
}
