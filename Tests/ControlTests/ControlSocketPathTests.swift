import Testing

@testable import Control

@Suite struct ControlSocketPathTests {
    private func path(_ environment: [String: String], userID: UInt32 = 1000) -> String? {
        ControlSocketPath.defaultForPeer(port: 7001, environment: environment, userID: userID)
    }

    @Test("root's sockets lie in /run, whatever the environment says")
    func root() {
        #expect(path(["XDG_RUNTIME_DIR": "/run/user/0"], userID: 0) == "/run/p2pd/peer-7001.sock")
    }

    @Test("a user's sockets lie in the runtime directory, else beside the state")
    func user() {
        #expect(path(["XDG_RUNTIME_DIR": "/run/user/1", "HOME": "/h"]) == "/run/user/1/p2pd/peer-7001.sock")
        #expect(path(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/p2pd/peer-7001.sock")
        #expect(path(["HOME": "/h"]) == "/h/.local/state/p2pd/peer-7001.sock")
    }

    @Test("relative and empty directories count as none")
    func notAbsolute() {
        #expect(
            path(["XDG_RUNTIME_DIR": "run", "XDG_STATE_HOME": "", "HOME": "/h"])
                == "/h/.local/state/p2pd/peer-7001.sock")
        #expect(path(["HOME": "."]) == nil)
    }

    @Test("a peer's default socket lies in the first directory that is searched, then come the system's peers")
    func candidates() {
        let environment = ["XDG_RUNTIME_DIR": "/run/user/1"]
        #expect(
            ControlSocketPath.candidates(environment: environment, userID: 1000) == ["/run/user/1/p2pd", "/run/p2pd"])
        #expect(ControlSocketPath.candidates(environment: environment, userID: 0) == ["/run/p2pd"])
        #expect(ControlSocketPath.candidates(environment: [:], userID: 1000) == ["/run/p2pd"])
    }
}
