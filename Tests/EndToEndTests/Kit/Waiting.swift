import Foundation
import TestSupport

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
func now() -> Double { Deadline.now() }

/// Asks again and again until `condition` holds.
func eventually(
    _ what: String, within seconds: Double = Patience.seconds, _ condition: () throws -> Bool
) throws {
    let deadline = Deadline(seconds)
    while try !condition() {
        guard !deadline.isOver else { throw Failure("waited \(Int(deadline.seconds)) s in vain until \(what)") }
        usleep(10_000)
    }
}
