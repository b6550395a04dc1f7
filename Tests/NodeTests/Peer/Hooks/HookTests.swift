import Content
import Control
import PeerCore
import Testing

@testable import Node

struct HookTests {
    private let daemon = ["PATH": "/bin", "P2PD_CAUSE": "stale", "P2PD_NAME": "stale", "P2PD_PORT": "7001"]

    private func ended(_ name: String) throws -> EndedDownload {
        EndedDownload(
            id: DownloadID(rawValue: 1), kind: .file, name: try ShareName(name),
            root: FileRoot(digest: .zero, length: 77), length: 78)
    }

    @Test("A finished download is told by name, root, path and length, over the daemon's own environment")
    func complete() throws {
        let hook = Hook(complete: ["x"], try ended("a b/ü"), share: "/srv/share")
        #expect(hook.setting == "on_complete")
        #expect(
            hook.environment(over: daemon) == [
                "PATH": "/bin", "P2PD_PORT": "7001", "P2PD_NAME": "a b/ü", "P2PD_KIND": "file",
                "P2PD_PATH": "/srv/share/a b/ü",
                "P2PD_ROOT": String(repeating: "0", count: 64), "P2PD_LENGTH": "78",
            ])
    }

    @Test("A directory is told to be one")
    func directory() throws {
        let tree = EndedDownload(
            id: DownloadID(rawValue: 1), kind: .tree, name: try ShareName("d"), root: .empty, length: 0)
        #expect(Hook(complete: ["x"], tree, share: "/s").environment(over: daemon)["P2PD_KIND"] == "directory")
    }

    @Test("A failed one also by cause, message and exit code")
    func error() throws {
        let failure = ControlFailure(.diskFull, "cannot store a: no space")
        let hook = Hook(error: ["x"], try ended("a"), share: "/srv/share", failure)
        #expect(hook.setting == "on_error")
        let environment = hook.environment(over: daemon)
        #expect(environment["P2PD_NAME"] == "a")
        #expect(environment["P2PD_CAUSE"] == "disk-full")
        #expect(environment["P2PD_MESSAGE"] == "cannot store a: no space")
        #expect(environment["P2PD_EXIT"] == "74")
    }

    @Test("A message that the system would not take is cut")
    func longMessage() throws {
        let failure = ControlFailure(.integrity, String(repeating: "x", count: 1 << 20))
        let hook = Hook(error: ["x"], try ended("a"), share: "/s", failure)
        #expect(hook.environment(over: [:])["P2PD_MESSAGE"]?.utf8.count == Hook.messageMax)
    }
}
