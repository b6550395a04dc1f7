import Posix

/// What runs on a reactor. Every call is made on the reactor's thread and runs to completion; none may wait.
public protocol ReactorHandler: AnyObject {
    /// What workers hand back.
    associatedtype Completion: Sendable

    /// A registered descriptor is ready. Level-triggered: what is left unread or unwritten is reported again in the next
    /// tick, so a handler does a bounded amount of work and returns.
    func ready(_ token: Token, _ mask: EventPoll.Mask)
    /// A worker has finished a job.
    func completed(_ completion: Completion)
    /// A timer has come due.
    func fired(_ timer: TimerID)
    /// One of the signals that the reactor was asked to take.
    func received(signal: Int32)
    /// All of this tick's events have been handled: the moment to send what they produced.
    func endOfTick()
}
