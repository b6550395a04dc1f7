import Glibc

/// The kernel's run: what was written and not synced outlives a process, but not this.
public enum Boot {
    /// A random text that the kernel makes at each boot; nil where it does not tell. Source: random(4), boot_id.
    public static func id() -> String? {
        let path = "/proc/sys/kernel/random/boot_id"
        let raw = retrying { open(path, O_RDONLY | O_CLOEXEC) }
        guard raw >= 0 else { return nil }
        let file = FileDescriptor(owning: raw)
        // A UUID: 36 characters and a line feed.
        guard let bytes = try? FileIO.bytes(of: file.rawValue, limit: 64) else { return nil }
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
