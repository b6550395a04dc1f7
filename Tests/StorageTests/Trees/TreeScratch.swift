import Content
import Foundation
import Posix

@testable import Storage

/// A share with trees in it, and all that works on them.
final class TreeScratch {
    let scratch: Scratch
    let share: Share
    let bench = HashBench()
    let partials: PartialStore

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
        partials = try PartialStore(share: share, state: try scratch.state(), peer: .sample)
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(scratch.sharePath)/\(name)", withIntermediateDirectories: true)
    }

    func setMode(_ mode: Int, of name: String) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: "\(scratch.sharePath)/\(name)")
    }

    func mode(of name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.sharePath)/\(name)")
        return attributes[.posixPermissions] as? Int ?? -1
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(scratch.sharePath)/\(name)") }

    /// All names below the share, directories with a slash behind them, in order.
    var names: [String] {
        let all = FileManager.default.enumerator(atPath: scratch.sharePath)?.allObjects as? [String] ?? []
        return all.map { name in
            var isDirectory: ObjCBool = false
            let path = "\(scratch.sharePath)/\(name)"
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
                ? name + "/" : name
        }.sorted()
    }

    func list(_ name: String) throws -> TreeContents? {
        var listing = TreeListing(try ShareName(name))
        while true {
            switch try listing.run(in: share) {
            case .more(let next): listing = next
            case .done(let contents): return contents
            case .missing, .tooMany: return nil
            }
        }
    }

    /// The root of any file, computed.
    func root(of name: ShareName) -> FileRoot? {
        guard var step = try? IndexStep(name, in: share) else { return nil }
        while true {
            switch try? step.run(in: share, with: bench) {
            case .more(let next, _): step = next
            case .done(let file): return file.root
            case .changed, .openForWriting, nil: return nil
            }
        }
    }

    func make(_ name: String) throws -> MadeManifest? {
        guard let contents = try list(name) else { return nil }
        let outcome = ManifestMaker.make(try ShareName(name), contents) { name, _ in
            root(of: name).map { .root($0) } ?? .unreadable("it is not there")
        }
        guard case .made(let made) = outcome else { return nil }
        return made
    }

    func survey(
        _ manifest: Manifest, replacing: Bool = false, known: [ShareName: FileRoot] = [:],
        rotten: [ShareName: FileRoot] = [:], reserved: [ShareName: FileRoot] = [:]
    ) throws -> TreeState {
        var survey = TreeSurvey(manifest, replacing: replacing, sync: false, reserved: reserved) { name, _ in
            known[name].map { .file($0) } ?? rotten[name].map { .rotten($0) } ?? .unknown
        }
        while true {
            switch try survey.run(in: share, with: bench) {
            case .blocked(let error, let made):
                share.remove(made)
                throw error
            case .more(let next): survey = next
            case .done(let state): return state
            }
        }
    }
}

extension Manifest {
    var entries: [Entry] { (0..<count).map { self[$0] } }

    var paths: [String] { (0..<count).map { path(at: $0) } }

    func index(of path: String) -> Int? { (0..<count).first { self.path(at: $0) == path } }
}
