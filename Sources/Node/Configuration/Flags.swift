/// What the command line gave, as texts: they are read with the same code as the other sources.
public struct Flags: Sendable {
    private(set) var texts: [String: [String]] = [:]

    public init() {}

    /// - Parameter text: nil if the flag was not given.
    public mutating func set<Value>(_ setting: Setting<Value>, _ text: String?) {
        if let text { texts[setting.name.key] = [text] }
    }

    /// - Parameter list: empty if the flag was not given.
    public mutating func set<Value>(_ setting: Setting<[Value]>, _ list: [String]) {
        if !list.isEmpty { texts[setting.name.key] = list }
    }

    /// A flag can only turn on.
    public mutating func set(_ setting: Setting<Bool>, _ isOn: Bool) {
        if isOn { texts[setting.name.key] = ["true"] }
    }
}
