/// What may happen in a scenario beyond joining and fetching. Each is on in half of the seeds: some faults hide others, so
/// no run has them all (Groce and others: Swarm Testing, 2012).
public enum Feature: String, CaseIterable, Sendable {
    // The network.
    case resets, partitions, oneWay, slowLinks, farApart, lostDials
    /// Every frame goes through the production encoder and decoder.
    case encoding

    // Processes.
    case kills, powerLoss, pauses, managerKills

    // The disk.
    case writeErrors, syncErrors, fullDisks, rot, edits, noSync, scarceBuffers

    // People, and peers that are not honest.
    case commands, versions, liars, mutes
}
