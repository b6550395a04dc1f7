import Foundation
import FuzzTargets
import Testing

/// Inputs that a fuzzer once found worth keeping, and those that once broke something: none may break anything now.
@Suite struct FuzzTests {
    private static let inputs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz")

    @Test("No kept input breaks its target", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let files = try Self.files(of: target, in: "Corpus")
        #expect(!files.isEmpty)
        try replay(files, target)
    }

    @Test("What once broke a target breaks it no more", arguments: FuzzTarget.allCases)
    func crashes(target: FuzzTarget) throws {
        try replay(try Self.files(of: target, in: "Crashes"), target)
    }

    private func replay(_ files: [URL], _ target: FuzzTarget) throws {
        let body = try target.makeBody()
        for file in files {
            do { try body(Array(try Data(contentsOf: file))) } catch {
                Issue.record("\(file.lastPathComponent) breaks \(target): \(error)")
            }
        }
    }

    /// A target without any has no directory.
    private static func files(of target: FuzzTarget, in kind: String) throws -> [URL] {
        let directory = inputs.appending(path: "\(kind)/\(target.rawValue)")
        guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    }
}
