import Foundation

/// How long the tests wait for what must happen: far longer than it takes, so that only its absence fails them.
enum Patience {
    static let seconds = 30.0
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Seconds on the monotonic clock.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Asks again and again until `condition` holds.
func eventually(
    _ what: String, within seconds: Double = Patience.seconds, _ condition: () throws -> Bool
) throws {
    let deadline = now() + seconds
    while try !condition() {
        guard now() < deadline else { throw Failure("waited \(Int(seconds)) s in vain until \(what)") }
        usleep(10_000)
    }
}
