import Glibc

/// A line of output, at once: who reads it looks at the manager at that moment.
enum Line {
    static func print(_ line: String) {
        Swift.print(line)
        fflush(nil)
    }
}
