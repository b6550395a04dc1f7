import CLinux
import Glibc

/// Descriptors 0 to 2.
public enum StandardDescriptors {
    /// Lets those that this program was started without lead nowhere: what is opened next would get their numbers, and the
    /// log would be written into it. To be called before anything is opened.
    public static func occupy() { clinux_occupy_standard_descriptors() }
}

/// Standard error as a sink of whole lines.
public enum StandardError {
    /// Hands `bytes` to the kernel in one write(2), so that lines of several processes on one descriptor do not mix;
    /// only what the kernel left over (a pipe nearly full) is written again. What cannot be written is dropped: there
    /// is nowhere left to say so.
    public static func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }
}
