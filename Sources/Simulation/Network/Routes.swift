/// Which nodes can reach which: one way each.
struct Routes {
    private let nodes: Int
    private var blocked: [Bool]

    init(nodes: Int) {
        self.nodes = nodes
        blocked = Array(repeating: false, count: nodes * nodes)
    }

    func isBlocked(_ from: Int, _ to: Int) -> Bool { blocked[from * nodes + to] }

    mutating func block(_ from: Int, _ to: Int) { if from != to { blocked[from * nodes + to] = true } }

    mutating func unblock(_ from: Int, _ to: Int) { blocked[from * nodes + to] = false }
}
