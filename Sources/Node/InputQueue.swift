/// Inputs for a machine, one at a time: performing the effects of one may bring others, which wait until it is done.
struct InputQueue<Input> {
    private var waiting: [Input] = []
    private var head = 0
    private var isBusy = false

    mutating func append(_ input: Input) { waiting.append(input) }

    /// - Returns: the next input, unless another is still being worked on.
    mutating func next() -> Input? {
        guard !isBusy else { return nil }
        guard head < waiting.count else {
            waiting.removeAll(keepingCapacity: true)
            head = 0
            return nil
        }
        isBusy = true
        head += 1
        return waiting[head - 1]
    }

    mutating func done() { isBusy = false }
}
