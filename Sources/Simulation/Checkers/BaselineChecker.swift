import ManagerCore
import PeerCore

/// When nothing is left to do, nothing is left over: no session, question, buffer or row.
struct BaselineChecker {
    func look(_ world: World) {
        lookAtManager(world)
        for peer in world.core {
            guard let process = peer.process else { continue }
            let load = process.machine.load
            if load != PeerLoad() { return world.report("baseline", "\(peer.node) is at rest with \(load)") }
            if process.buffersLent > 0 || !process.bufferLine.isEmpty {
                return world.report("baseline", "\(peer.node) is at rest with \(process.buffersLent) buffers lent")
            }
            if !process.uploads.isEmpty || !process.slots.isEmpty || !process.waiting.isEmpty {
                return world.report("baseline", "\(peer.node) is at rest with uploads in line")
            }
            if peer.links.count > 1 {
                return world.report("baseline", "\(peer.node) is at rest with \(peer.links.count) connections")
            }
            if !peer.disk.rows.isEmpty || !peer.disk.partials.isEmpty {
                return world.report(
                    "baseline",
                    "\(peer.node) is at rest with \(peer.disk.rows.count) rows and \(peer.disk.partials.count) partial files"
                )
            }
        }
    }

    private func lookAtManager(_ world: World) {
        guard let process = world.manager.process else { return }
        let (members, load) = (process.machine.memberCount, process.machine.load)
        let connections = world.manager.links.count
        if connections != members || load != ManagerLoad() {
            world.report(
                "baseline", "the manager is at rest with \(members) members, \(connections) connections and \(load)")
        }
    }
}
