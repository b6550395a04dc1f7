import Testing

@testable import Control

@Suite struct BansTextTests {
    @Test("Each ban is a line with who, for how long and why, and nothing that a terminal would act on")
    func lines() {
        let reply = BansReply(bans: [.init(id: "00ff", address: "a:1", reason: "3 wrong\u{1b}", secondsLeft: 3599)])
        #expect(
            BansText.lines(reply) == [
                "ADDRESS  ID           LEFT  REASON", "a:1      00ff  59 min 59 s  3 wrong\\u{1b}",
            ])
        #expect(BansText.lines(BansReply(bans: [])) == ["nobody is banned"])
        #expect(BansText.lines(BansReply(bans: [.init(id: "", address: "", reason: "", secondsLeft: .max)])).count == 2)
    }

    @Test("How many bans were lifted is said")
    func lifted() {
        #expect(BansText.lines(LiftReply(lifted: 1)) == ["1 ban is lifted"])
        #expect(BansText.lines(LiftReply(lifted: 0)) == ["0 bans are lifted"])
    }
}

@Suite struct LimitTextTests {
    @Test("Limits are shown in the form that sets them")
    func lines() {
        #expect(
            LimitText.lines(LimitReply(upload: 3 << 19, download: nil)) == ["upload    1.5M/s", "download  none"])
        #expect(LimitText.rate(.max) == "\(UInt64.max)/s")
    }
}

@Suite struct VerifyTextTests {
    @Test("A file is told with what is wrong with it, and nothing that a terminal would act on")
    func file() {
        let event = VerifiedEvent(name: "a\u{1b}", result: .rotten, badPieces: 1, message: "m\n")
        #expect(VerifyText.file(event) == "rotten a\\u{1b}  1 bad piece  m\\n")
        #expect(VerifyText.file(VerifiedEvent(name: "a", result: .ok)) == "ok a")
    }

    @Test("The summary counts what there is, and says what to do about rot")
    func summary() {
        let well = VerifyReply(files: 1, bytes: 1024, ok: 1, rotten: 0, repaired: 0, changed: 0, indexing: 0, errors: 0)
        #expect(VerifyText.summary(well) == ["verified 1 file, 1 KiB: 1 ok"])
        #expect(VerifyText.summary(.none) == ["verified 0 files, 0 B"])
        let bad = VerifyReply(files: 5, bytes: 0, ok: 1, rotten: 1, repaired: 1, changed: 1, indexing: 1, errors: 1)
        let lines = VerifyText.summary(bad)
        #expect(
            lines.first
                == "verified 5 files, 0 B: 1 ok, 1 rotten, 1 repaired, 1 changed, 1 being indexed, "
                + "1 not to be read or not there")
        #expect(lines.last?.contains("--repair") == true)
    }
}
