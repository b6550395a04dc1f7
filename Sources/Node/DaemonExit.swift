/// How `p2pd` ends when it cannot start or go on: the codes of sysexits.h, for scripts and service managers.
public enum DaemonExit: Int32, Sendable {
    /// EX_USAGE: the command line asks for something that cannot be.
    case usage = 64
    /// EX_NOINPUT: the directory to share is missing or is none.
    case missingInput = 66
    /// EX_OSERR: the system refused something (an address in use, a directory that cannot be made, a held lock).
    case system = 71
    /// EX_CONFIG: the environment or the configuration file says something that cannot be.
    case configuration = 78
}
