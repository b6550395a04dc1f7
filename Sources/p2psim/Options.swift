import ArgumentParser
import Simulation

struct ScenarioOptions: ParsableArguments {
    @Option(help: "Run this seed.")
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Break this rule on purpose: \(Canary.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"
        ))
    var canary: Canary?

    @Option(help: "No more peers than this.")
    var peers: Int?

    @Option(help: "No more files than this.")
    var files: Int?

    @Option(help: "Inject faults for no more seconds than this.")
    var faultySeconds: Int?

    @Option(help: ArgumentHelp("Leave these out, with commas between.", valueName: "features"))
    var without: String?

    @Flag(help: "Of a seed that fails, look for the smallest scenario that still does.")
    var shrink = false

    @Flag(help: "Print every input and effect of a seed.")
    var trace = false

    var limits: Scenario.Limits {
        .init(peers: peers, without: Set(features.compactMap(Feature.init)), faultySeconds: faultySeconds, files: files)
    }

    private var features: [String] { (without ?? "").split(separator: ",").map(String.init) }

    func validate() throws {
        for name in features where Feature(rawValue: name) == nil {
            let known = Feature.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no feature \(name); there are \(known)")
        }
        if trace, seed == nil { throw ValidationError("--trace needs --seed") }
    }
}

struct SeedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Run the seeds from A up to B, without it.", valueName: "A..<B"))
    var seeds: String?

    @Option(help: "Run so many seeds.")
    var count: UInt64 = 100

    @Option(help: "The first of them.")
    var first: UInt64 = 1

    @Option(help: "Take every so manieth seed only.")
    var stride: UInt64 = 1

    @Option(help: ArgumentHelp("Go on until so many seconds have passed, whatever --count says.", valueName: "seconds"))
    var `for`: Double?

    @Option(help: "Run every so manieth seed twice and compare all that happened.")
    var twiceEvery: UInt64?

    var numbers: Range<UInt64>? {
        guard let seeds else { return first..<(self.for == nil ? first + count * stride : .max) }
        let bounds = seeds.split(separator: "..<", omittingEmptySubsequences: false).compactMap { UInt64($0) }
        return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]..<bounds[1] : nil
    }

    func validate() throws {
        guard numbers != nil else { throw ValidationError("--seeds takes A..<B") }
        guard stride > 0, twiceEvery != 0 else { throw ValidationError("--stride and --twice-every are at least 1") }
    }
}

extension Canary: ExpressibleByArgument {}
