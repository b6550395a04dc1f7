import CLinux
import Glibc

/// An epoll instance, level-triggered. Source: epoll(7).
public struct EventPoll: ~Copyable {
    /// What a descriptor is watched for, and what it is ready for. Errors and hang-ups are always reported.
    public struct Mask: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        public static let readable = Mask(rawValue: EPOLLIN.rawValue)
        public static let writable = Mask(rawValue: EPOLLOUT.rawValue)
        public static let failed = Mask(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    }

    private let descriptor: FileDescriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// - Parameter capacity: events taken from the kernel in one wait, at most.
    public init(capacity: Int) throws(SystemError) {
        descriptor = FileDescriptor(
            owning: try check("create", "an epoll instance") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        events = .allocate(capacity: capacity)
    }

    deinit { events.deallocate() }

    public func add(_ target: Int32, _ mask: Mask, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_ADD, target, mask, token)
    }

    public func modify(_ target: Int32, _ mask: Mask, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_MOD, target, mask, token)
    }

    public func remove(_ target: Int32) throws(SystemError) {
        try control(EPOLL_CTL_DEL, target, [], 0)
    }

    /// Waits until something is ready or the time is over; a signal ends it early with 0.
    /// - Parameter timeoutNanoseconds: nil waits for ever. epoll_pwait2(2) takes nanoseconds, so short timers are exact.
    /// - Returns: how many events `event(at:)` answers for.
    public func wait(timeoutNanoseconds: UInt64?) throws(SystemError) -> Int {
        let capacity = Int32(events.count)
        let count: Int32
        if let timeoutNanoseconds {
            var time = timespec(
                tv_sec: Int(timeoutNanoseconds / 1_000_000_000), tv_nsec: Int(timeoutNanoseconds % 1_000_000_000))
            count = epoll_pwait2(descriptor.rawValue, events.baseAddress, capacity, &time, nil)
        } else {
            count = epoll_pwait2(descriptor.rawValue, events.baseAddress, capacity, nil, nil)
        }
        if count >= 0 { return Int(count) }
        if errno == EINTR { return 0 }
        throw SystemError("wait on", on: "the epoll instance")
    }

    public func event(at index: Int) -> (token: UInt64, mask: Mask) {
        (events[index].data.u64, Mask(rawValue: events[index].events))
    }

    private func control(_ operation: Int32, _ target: Int32, _ mask: Mask, _ token: UInt64) throws(SystemError) {
        var event = epoll_event(events: mask.rawValue, data: epoll_data_t(u64: token))
        try check("watch", "descriptor \(target)") { epoll_ctl(descriptor.rawValue, operation, target, &event) }
    }
}
