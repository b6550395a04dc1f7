import Foundation

/// A pseudo-terminal, for a program that behaves differently when a person is there.
final class Terminal {
    /// What the program opens as its terminal.
    let path: String
    private let descriptor: Int32
    private var shown: [UInt8] = []

    /// TIOCSPTLCK and TIOCGPTN of ioctl_tty(2), whose macros the importer does not see.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    init() throws {
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        var locked: Int32 = 0
        var number: UInt32 = 0
        guard descriptor >= 0, ioctl(descriptor, Terminal.setLock, &locked) == 0,
            ioctl(descriptor, Terminal.getNumber, &number) == 0
        else { throw Failure("open a pseudo-terminal: \(String(cString: strerror(errno)))") }
        path = "/dev/pts/\(number)"
    }

    deinit { close(descriptor) }

    func type(_ text: String) {
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
    }

    /// All that was shown so far.
    func screen() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { shown += buffer[..<count] }
        return String(decoding: shown, as: UTF8.self)
    }
}
