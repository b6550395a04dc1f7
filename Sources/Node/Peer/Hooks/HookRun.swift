import Posix
import Reactor

/// A hook whose program runs.
///
///     inTime --its time is over: SIGTERM--> overdue --2 s later: SIGKILL--> killed
///
/// From each of them the program's end leads out.
struct HookRun {
    enum Phase {
        case inTime(TimerID)
        case overdue(TimerID)
        case killed
    }

    let hook: Hook
    let process: ChildProcess
    var phase: Phase

    /// The timer that is set for it.
    var timer: TimerID? {
        switch phase {
        case .inTime(let timer), .overdue(let timer): timer
        case .killed: nil
        }
    }

    var isInTime: Bool {
        switch phase {
        case .inTime: true
        case .overdue, .killed: false
        }
    }
}
