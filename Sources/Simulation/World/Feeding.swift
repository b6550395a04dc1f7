import Content

/// Something whose kind and subject go into the trace.
protocol Traceable {
    var code: UInt64 { get }
}

/// A machine that runs: its inputs that wait for their turn, and what it wants done.
protocol MachineProcess: AnyObject {
    associatedtype Input: Traceable
    associatedtype Effect: Traceable

    var inputs: [Input] { get set }
    var effects: [Effect] { get set }
    var isFeeding: Bool { get set }

    /// What the machine wants done is added to `effects`.
    func handle(_ input: Input, now: Moment)
}

extension World {
    /// Gives a machine an input, and after it those that come of what it wants done.
    /// - Parameters:
    ///   - who: as told to whoever follows a run.
    ///   - perform: does an effect, which may feed the same machine again.
    ///   - handled: what the checkers see after each input.
    func feed<Process: MachineProcess>(
        _ input: Process.Input, to process: Process, node: Int, who: @autoclosure () -> String,
        perform: (Process.Effect) -> Void, handled: (Process.Input) -> Void
    ) {
        process.inputs.append(input)
        guard !process.isFeeding else { return }
        process.isFeeding = true
        var position = 0
        while position < process.inputs.count, violation == nil {
            let next = process.inputs[position]
            position += 1
            trace.mix(now, node, next.code)
            if isTelling { tell("\(who()) <- \(next)") }
            process.handle(next, now: now)
            let effects = process.effects
            process.effects.removeAll(keepingCapacity: true)
            for effect in effects where violation == nil {
                trace.mix(now, node, effect.code)
                if isTelling { tell("\(who()) -> \(effect)") }
                perform(effect)
            }
            handled(next)
            if position > World.inputsMax { report("livelock", "\(who()) finds no end in one moment: \(next)") }
        }
        process.inputs.removeAll(keepingCapacity: true)
        process.isFeeding = false
    }
}
