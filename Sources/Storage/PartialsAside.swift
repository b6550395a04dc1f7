import Posix

extension PartialStore {
    /// Moves all partial files to a new directory beside theirs, when the records that tell what is in them are set aside:
    /// without a record they would be removed, and whoever goes back to those records wants them.
    /// - Parameter suffix: of the new directory's name.
    /// - Returns: where they are now; nil if there are none.
    func setAside(_ suffix: String) throws(SystemError) -> String? {
        let names = try directory.entries().filter { $0.kind == .regular }
            .map { String(decoding: $0.name, as: UTF8.self) }.filter(PartialStore.isOurs)
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
