/// The version of the programs, as `--version` and `status` say it.
public enum ProgramVersion {
    public static let text = "0.1.0"
}
