import Glibc

/// A system call that failed: what was attempted, on what, and the errno it left.
public struct SystemError: Error, Hashable, Sendable {
    public let operation: String
    /// The path, address or descriptor it was attempted on.
    public let subject: String
    public let code: Int32

    public init(_ operation: String, on subject: String, code: Int32 = errno) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
    /// ENOSPC, for a disk that would be full.
    public static let noSpace = ENOSPC

    public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
    public var isMissing: Bool { code == ENOENT }
    public var isNotPermitted: Bool { code == EACCES || code == EPERM }
    public var isReadOnly: Bool { code == EROFS }
    public var isAddressInUse: Bool { code == EADDRINUSE }
    public var alreadyExists: Bool { code == EEXIST }
    /// Something on the way is a link, leads out, or is of the wrong kind.
    public var isOtherKind: Bool { [ELOOP, EXDEV, EINVAL, ENXIO, EISDIR].contains(code) }
    /// The device failed to read or write.
    public var isDeviceFailure: Bool { code == EIO }
    /// A file cannot have a second name here: not in this file system, not so many, or not a file of somebody else's.
    public var cannotLink: Bool { [EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EACCES].contains(code) }
    public var isNotADirectory: Bool { code == ENOTDIR }

    public static let missing = ENOENT
    public static let fileTooLarge = EFBIG
    public static let deviceFailure = EIO
    public static let notAFile = EINVAL
    public static let nameTooLong = ENAMETOOLONG
    public static let exists = EEXIST
    public static let otherMount = EXDEV
}

extension SystemError: CustomStringConvertible {
    public var description: String {
        "\(operation) \(subject): \(String(cString: strerror(code))) (errno \(code))"
    }
}

/// Repeats a call that a signal interrupted.
@inline(__always)
func retrying<R: SignedInteger>(_ call: () -> R) -> R {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

/// Runs a call that answers -1 for failure, and turns that into an error that names it.
@inline(__always)
@discardableResult
func check<R: SignedInteger>(
    _ operation: String, _ subject: @autoclosure () -> String, _ call: () -> R
) throws(SystemError) -> R {
    let result = retrying(call)
    if result == -1 {
        let code = errno
        throw SystemError(operation, on: subject(), code: code)
    }
    return result
}
