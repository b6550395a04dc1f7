import Content
import ManagerCore
import Wire

/// The manager's machine. Nothing of its process outlives it.
final class ManagerHost: Host {
    var process: ManagerProcess?
}

final class ManagerProcess: MachineProcess {
    var machine: ManagerMachine
    var inputs: [ManagerInput] = []
    var isFeeding = false
    var effects: [ManagerEffect] = []
    var wakeAt: Moment?
    var wakePlanned: Moment?

    init(id: PeerID) {
        machine = ManagerMachine(id: id, policy: ManagerPolicy())
    }

    func handle(_ input: ManagerInput, now: Moment) { machine.handle(input, now: now, effects: &effects) }
}

extension World {
    func feed(_ input: ManagerInput) {
        guard let process = manager.process else { return }
        feed(
            input, to: process, node: 0, who: "manager", perform: { perform($0, process) },
            handled: { checkers.handled($0, process, self) })
    }

    private func perform(_ effect: ManagerEffect, _ process: ManagerProcess) {
        checkers.wants(effect, self)
        switch effect {
        case .send(let connection, let message):
            send(scenario.has(.encoding) ? .encoded(message.encoded) : .message(message), on: connection, of: manager)
        case .sendEncoded(let connection, let bytes): send(.encoded(bytes), on: connection, of: manager)
        case .close(let connection, let reason): close(connection, of: manager, reason: reason)
        case .probe(let connection, let address): probe(connection, address)
        case .endProbe: break
        case .wake(let moment):
            process.wakeAt = moment
            planWake(process)
        case .joined, .left: break
        }
    }

    private func planWake(_ process: ManagerProcess) {
        guard let moment = process.wakeAt, process.wakePlanned.map({ moment < $0 }) ?? true else { return }
        process.wakePlanned = moment
        queue.plan(.wake(manager.life), at: max(now, moment))
    }

    func managerWoken() {
        guard let process = manager.process, process.wakePlanned.map({ $0 <= now }) ?? false else { return }
        process.wakePlanned = nil
        guard let moment = process.wakeAt else { return }
        guard moment <= now else { return planWake(process) }
        process.wakeAt = nil
        feed(.wake)
    }
}
