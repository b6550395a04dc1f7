import ArgumentParser

struct Join: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join a manager with many peers in one burst, and time until every one holds the full roster.")

    @OptionGroup var options: MemberOptions

    func run() throws {
        _ = try options.join()
    }
}
