import Content
import Testing
import Transport

@testable import Node

@Suite struct PeerSettingsTests {
    private func resolve(
        port: String? = "7001", share: String? = "/tmp", _ environment: [String: String] = [:], userID: UInt32 = 1000,
        coreCount: Int = 2, hostName: String = "host"
    ) throws(DaemonError) -> PeerSettings {
        var flags = Flags()
        flags.set(PeerSettings.port, port)
        flags.set(PeerSettings.share, share)
        let surroundings = Surroundings.fixture(
            environment, userID: userID, coreCount: coreCount, hostName: hostName)
        return try PeerSettings.resolve(flags: flags, in: surroundings)
    }

    private func error(
        port: String? = "7001", share: String? = "/tmp", _ environment: [String: String] = [:]
    ) -> DaemonError? {
        failure { () throws(DaemonError) in try resolve(port: port, share: share, environment) }
    }

    @Test("a port and a directory are enough")
    func defaults() throws {
        let settings = try resolve()
        #expect(settings.port == 7001)
        #expect(settings.listen == PeerAddress("127.0.0.1:7001"))
        #expect(settings.share == "/tmp")
        #expect(settings.managers.map(\.description) == ["127.0.0.1:60505"])
        #expect(settings.controlSocket == "/run/user/1000/p2pd/peer-7001.sock")
        #expect(settings.stateDirectory == "/home/ada/.local/state/p2pd/peer-7001")
        #expect(!settings.insecure)
        #expect(settings.logLevel == .info)
        #expect(settings.workers == 2)
        #expect(settings.label == "host")
        #expect(settings.rates == RateLimits())
        #expect(settings.uploadSlots == 16)
    }

    @Test("rates are bytes a second with a unit, and none is no limit")
    func rates() throws {
        let settings = try resolve(["P2PD_MAX_UPLOAD": "1.5M", "P2PD_MAX_DOWNLOAD": "none"])
        #expect(settings.rates == RateLimits(upload: ByteRate(bytesPerSecond: 3 << 19), download: nil))
        let error = error(["P2PD_MAX_UPLOAD": "fast"])
        #expect(
            error?.message.hasPrefix("P2PD_MAX_UPLOAD in the environment: \"fast\" is not a rate; write bytes") == true)
        #expect(error?.exit == .configuration)
        var flags = Flags()
        flags.set(PeerSettings.port, "1")
        flags.set(PeerSettings.share, "/tmp")
        flags.set(PeerSettings.maxDownload, "50M")
        #expect(try PeerSettings.resolve(flags: flags, in: .fixture()).rates.download?.bytesPerSecond == 50 << 20)
    }

    @Test("networks without a limit are a list, which may be empty")
    func networks() throws {
        let settings = try resolve(["P2PD_UNLIMITED_NETWORKS": "10.0.0.0/8, ::1"])
        #expect(settings.rates.exempt.map(\.description) == ["10.0.0.0/8", "::1"])
        #expect(error(["P2PD_UNLIMITED_NETWORKS": "10.0.0.1/8"])?.message.contains("is not a network") == true)
        let file = try TemporaryFile("unlimited_networks = [\"fd00::/8\"]\nmax_upload = \"1K\"\n")
        #expect(try resolve(["P2PD_CONFIG": file.path]).rates.exempt == [Network("fd00::/8")])
        #expect(try resolve(["P2PD_CONFIG": file.path, "P2PD_UNLIMITED_NETWORKS": ","]).rates.exempt == [])
    }

    @Test("upload slots are 1 to 256")
    func slots() throws {
        #expect(try resolve(["P2PD_UPLOAD_SLOTS": "256"]).uploadSlots == 256)
        for text in ["0", "257", "-1"] {
            #expect(error(["P2PD_UPLOAD_SLOTS": text])?.message.contains("1 to 256") == true)
        }
    }

    @Test("port and directory may come from the environment or the file instead")
    func otherSources() throws {
        #expect(try resolve(port: nil, share: nil, ["P2PD_PORT": "7", "P2PD_SHARE": "/usr"]).port == 7)
        let file = try TemporaryFile("port = 8\nshare = \"/usr\"\n")
        let settings = try resolve(port: nil, share: nil, ["P2PD_CONFIG": file.path])
        #expect(settings.port == 8)
        #expect(settings.share == "/usr")
    }

    @Test("a missing port or directory is a usage error that names all ways to give it")
    func missing() {
        #expect(
            error(port: nil)
                == DaemonError(
                    "PORT is not given: name it with PORT on the command line, P2PD_PORT in the environment or port in "
                        + "the file of --config", exit: .usage))
        #expect(error(share: nil)?.message.hasPrefix("DIR is not given: ") == true)
    }

    @Test("a share that is missing or no directory ends in EX_NOINPUT", arguments: ["/nonexistent", "/etc/passwd"])
    func share(path: String) {
        let error = error(share: path)
        #expect(error?.exit == .missingInput)
        #expect(error?.exit.rawValue == 66)
        #expect(error?.message.hasPrefix("DIR: \(path) is not ") == true)
    }

    @Test("relative paths are taken from the working directory")
    func relative() throws {
        let settings = try resolve(share: ".", ["P2PD_STATE": "./a//b/", "P2PD_CONTROL": "c.sock"])
        #expect(settings.share == "/tmp")
        #expect(settings.stateDirectory == "/tmp/a/b")
        #expect(settings.controlSocket == "/tmp/c.sock")
    }

    @Test("root's state and control socket lie in the system's directories")
    func root() throws {
        let settings = try resolve(userID: 0)
        #expect(settings.stateDirectory == "/var/lib/p2pd/peer-7001")
        #expect(settings.controlSocket == "/run/p2pd/peer-7001.sock")
    }

    @Test("without a home there is no default for the state, and the error says what to name")
    func noHome() {
        let error = error(["HOME": "", "P2PD_CONTROL": "/tmp/c"])
        #expect(error?.message.hasPrefix("there is no default for --state") == true)
        #expect(error?.exit == .configuration)
    }

    @Test("a control path of 107 bytes is taken, one of 108 refused")
    func controlLength() throws {
        let longest = "/" + String(repeating: "c", count: 106)
        #expect(try resolve(["P2PD_CONTROL": longest]).controlSocket == longest)
        let error = error(["P2PD_CONTROL": longest + "c"])
        #expect(error?.message.contains("has 108 bytes, and a Unix socket's path at most 107") == true)
        #expect(error?.exit == .configuration)
    }

    @Test("managers may be several, by name or number, and are joined once each")
    func managers() throws {
        let settings = try resolve(["P2PD_MANAGER": "a.example:1, [::1]:2,a.example:1"])
        #expect(settings.managers.map(\.description) == ["a.example:1", "[::1]:2"])
        let many = (1...17).map { "a:\($0)" }.joined(separator: ",")
        #expect(error(["P2PD_MANAGER": many])?.message.contains("at most 16") == true)
        #expect(error(["P2PD_MANAGER": "a:1,b"])?.message.contains("\"b\" is not HOST:PORT") == true)
        #expect(error(["P2PD_MANAGER": ","])?.message.contains("the list is empty") == true)
    }

    @Test("the address to listen on is the bound one with the port, of either family")
    func bind() throws {
        #expect(try resolve(["P2PD_BIND": "::1"]).listen == PeerAddress("[::1]:7001"))
        #expect(try resolve(["P2PD_BIND": "[::1]"]).listen == PeerAddress("[::1]:7001"))
        #expect(error(["P2PD_BIND": "localhost"])?.message.contains("is not an IP address") == true)
    }

    @Test("binding beyond loopback takes --insecure")
    func loopbackRule() throws {
        let error = error(["P2PD_BIND": "0.0.0.0"])
        #expect(error?.exit == .usage)
        #expect(error?.message.hasPrefix("P2PD_BIND in the environment: 0.0.0.0 is not a loopback address") == true)
        #expect(try resolve(["P2PD_BIND": "0.0.0.0", "P2PD_INSECURE": "1"]).insecure)
    }

    @Test("ports are 1 to 65535", arguments: ["0", "65536", "-1", "+1", "", "http", "7001 "])
    func ports(text: String) {
        #expect(error(port: text)?.message.contains("is not a port; use a number from 1 to 65535") == true)
    }

    @Test("one processor has one worker, and no more than four can be asked for")
    func workers() throws {
        #expect(try resolve(coreCount: 1).workers == 1)
        #expect(try resolve(coreCount: 64).workers == 2)
        #expect(try resolve(["P2PD_WORKERS": "4"]).workers == 4)
        #expect(error(["P2PD_WORKERS": "5"])?.message.contains("1 to 4") == true)
    }

    @Test("a label has at most 64 bytes and no control characters")
    func labels() throws {
        let longest = String(repeating: "é", count: 32)
        #expect(try resolve(["P2PD_LABEL": longest]).label == longest)
        #expect(error(["P2PD_LABEL": longest + "e"])?.message.contains("has 65 bytes") == true)
        #expect(error(["P2PD_LABEL": "a\nb"])?.message.contains("control characters") == true)
    }

    @Test("a host whose name is no label does not keep a peer from starting")
    func oddHostName() throws {
        #expect(try resolve(hostName: "").label == "peer")
    }
}
