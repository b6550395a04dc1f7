import Content
import Testing

@testable import Control

/// Requests of every method that takes parameters, with every parameter given in one of them.
enum RequestExamples {
    static func calls() throws -> [ControlCall] {
        let name = try ShareName("models/a b é.bin")
        let (file, directory) = (TypedName(name, isTree: false), TypedName(name, isTree: true))
        let root = try #require(Digest(hex: String(repeating: "0aF", count: 21) + "1"))
        let id = try #require(PeerID(bytes: Array(0..<16)))
        let rate = try #require(ByteRate(bytesPerSecond: 50 << 20))
        return [
            .req(ReqParams(name: name, tree: true, root: root, force: true, background: true, priority: -100)),
            .req(
                ReqParams(name: name, choose: .newest, backup: false, sync: false, timeoutSeconds: 0.5, priority: 100)),
            .req(ReqParams(name: name, choose: .mostHeld, stream: true)),
            .wait(WaitParams(name: name)), .cancel(CancelParams(name: file)),
            .cancel(CancelParams(name: directory, keepData: true)), .pause(.name(directory)), .pause(.all),
            .resume(.name(file)), .resume(.all), .priority(PriorityParams(name: directory, priority: -7)),
            .who(WhoParams(name: name)), .verify(VerifyParams()),
            .verify(
                VerifyParams(names: [file, directory], repair: true)),
            .bans, .lift(.id(id)), .lift(.address(PeerAddress(ipv4: 0x7F00_0001, port: 7001))),
            .lift(.address(PeerAddress(high: 1, low: 2, port: 0))), .lift(.all), .limit(LimitParams()),
            .limit(LimitParams(upload: .unlimited, download: .rate(rate))),
        ]
    }
}

/// Reads one request, or says why it is none.
enum RequestLine {
    static func call(_ method: String, _ params: String) throws -> ControlCall {
        let line = #"{"jsonrpc":"2.0","id":4,"method":"\#(method)","params":\#(params)}"#
        return try ControlRequest(line: Array(line.utf8)).call
    }

    /// Expects a refusal of the parameters that names `field`.
    static func refuses(_ method: String, _ params: String, field: String) {
        do {
            _ = try call(method, params)
            Issue.record("\(method) \(params) was taken")
        } catch let error as ControlRequestError {
            #expect(error.code == .params)
            #expect(error.id == .number(4))
            #expect(error.message.contains("`\(field)`"), "\(error.message)")
            #expect(error.message.utf8.count < 300)
        } catch {
            Issue.record("\(error)")
        }
    }
}
