import Content
import Posix

/// Goes through the share, or a directory in it, and looks at every file: a bounded number at a time. Every directory is
/// watched before it is listed, so that nothing is missed that comes after.
public struct ScanStep: Sendable {
    /// What a step comes to.
    public enum Outcome: Sendable {
        case more(ScanStep, ScanReport)
        case done(ScanReport)
    }

    /// A directory that is being gone through.
    private struct Current {
        let name: ShareName?
        let directory: Directory
        let names: DirectoryNames
        var next = 0
    }

    private let inotify: Inotify?
    private var baseline: ShareBaseline
    private var seen: [Bool]
    private var directories: [ShareName?]
    /// Directories of which it is not known what is in them.
    private var unlisted: [ShareName] = []
    private var current: Current?

    /// - Parameters:
    ///   - directory: nil for the whole share.
    ///   - baseline: of what lies in it; what is not found there again has vanished.
    ///   - inotify: watches the directories; nil watches nothing.
    public init(_ directory: ShareName?, baseline: ShareBaseline, inotify: Inotify?) {
        self.inotify = inotify
        self.baseline = baseline
        seen = Array(repeating: false, count: baseline.count)
        directories = [directory]
    }

    public consuming func run(in share: Share) -> Outcome {
        baseline.prepare()
        var report = ScanReport()
        var budget = StorageLimits.scanStep
        while budget > 0 {
            if current != nil {
                budget -= lookFurther(budget, &report)
            } else if let directory = directories.popLast() {
                enter(directory, in: share, &report)
                budget -= StorageLimits.scanDirectoryCost
            } else {
                report.vanished = vanished
                return .done(report)
            }
        }
        return .more(self, report)
    }

    // MARK: Directories

    private mutating func enter(_ name: ShareName?, in share: Share, _ report: inout ScanReport) {
        if let name, name.depth > ShareName.directoryDepthMax {
            return refuse(name, "more than \(ShareName.directoryDepthMax) directories deep", &report)
        }
        do throws(SystemError) {
            let directory = name == nil ? share.directory : try share.directory.openDirectory(name?.path ?? "")
            watch(directory, name, &report)
            current = Current(name: name, directory: directory, names: try directory.names())
        } catch {
            // Whatever took its place, or its absence, is told by whoever put it there.
            if !error.isMissing, !error.isNotADirectory, !error.isOtherKind { refuse(name, "\(error)", &report) }
        }
    }

    private mutating func watch(_ directory: Directory, _ name: ShareName?, _ report: inout ScanReport) {
        guard let inotify else { return }
        do throws(SystemError) {
            report.watched.append((try inotify.add(directory), name))
        } catch {
            // That it must not be read is told by the listing.
            if !error.isNotPermitted { report.unwatched = error }
        }
    }

    /// What is known of a directory that cannot be listed has not vanished.
    private mutating func refuse(_ directory: ShareName?, _ reason: String, _ report: inout ScanReport) {
        report.refused.append(("\(directory?.path ?? ".")/", reason))
        if let directory { unlisted.append(directory) } else { seen = seen.map { _ in true } }
    }

    // MARK: Entries

    /// - Returns: how many entries were looked at.
    private mutating func lookFurther(_ limit: Int, _ report: inout ScanReport) -> Int {
        guard var current else { return 0 }
        let last = min(current.names.count, current.next + limit)
        let count = last - current.next
        let prefix = current.name.map { Array($0.path.utf8) + [UInt8(ascii: "/")] } ?? []
        for index in current.next..<last { take(index, of: current, prefix, &report) }
        current.next = last
        self.current = last < current.names.count ? current : nil
        return max(1, count)
    }

    private mutating func take(_ index: Int, of current: Current, _ prefix: [UInt8], _ report: inout ScanReport) {
        let bytes = prefix + current.names[index]
        guard !(prefix.isEmpty && bytes == Share.reservedBytes) else { return }
        do throws(ShareNameError) {
            look(at: index, of: current, try ShareName(bytes: bytes), &report)
        } catch {
            report.refused.append((TerminalText.escape(String(decoding: bytes, as: UTF8.self)), "\(error)"))
        }
    }

    private mutating func look(at index: Int, of current: Current, _ name: ShareName, _ report: inout ScanReport) {
        let hint = current.names.kind(at: index)
        if hint == .directory { return directories.append(name) }
        guard hint != .other else { return }
        do throws(SystemError) {
            guard let standing = try current.directory.standing(at: index, of: current.names) else { return }
            switch standing.kind {
            case .regular: if !name.isBackup { compare(FoundFile(name, standing), &report) }
            case .directory: directories.append(name)
            case .other: break
            }
        } catch {
            report.refused.append((name.path, "\(error)"))
        }
    }

    private mutating func compare(_ file: FoundFile, _ report: inout ScanReport) {
        let position = baseline.position(of: file.name)
        if let position {
            seen[position] = true
            if baseline.identity(at: position) == file.identity { return report.unchanged.append(position) }
        }
        if let same = baseline.position(sameAs: file.identity) { return report.renamed.append((file, same)) }
        report.found.append((file, position))
    }

    private var vanished: [Int] {
        seen.indices.filter { position in
            !seen[position] && !unlisted.contains { baseline.name(at: position).isBelow($0) }
        }
    }
}
