/// How likely what a feature does is at each occasion, in one scenario: what happens seldom lets long chains come to their
/// end, and what happens often comes together with everything else.
struct Chances: Sendable {
    /// A dial comes to nothing.
    let lostDial: Double
    /// A write or a sync fails.
    let diskError: Double
    /// A full disk has no room for a piece of a file that it has begun.
    let noRoom: Double
    /// A process that is killed had written more than it has a record of.
    let doubt: Double
    /// A peer is a liar, or a mute.
    let liar: Double
    let mute: Double
    /// A liar's piece, or its digests, are wrong.
    let lie: Double
    let wrongDigests: Double

    init(seed: UInt64) {
        var draws = Draws(seed: seed, for: "chances")
        func draw(_ choices: [Double]) -> Double { draws.pick(choices) ?? 0 }
        lostDial = draw([0.02, 0.1, 0.4])
        diskError = draw([0.005, 0.02, 0.05])
        noRoom = draw([0.05, 0.2, 0.8])
        doubt = draw([0, 0.2, 0.7])
        liar = draw([0.1, 0.25, 0.5])
        mute = draw([0.1, 0.25, 0.5])
        lie = draw([0.05, 0.2, 0.7])
        wrongDigests = draw([0.1, 0.3, 0.7])
    }
}
