/// What connections hold in memory together: messages that wait to be sent, and frames that have not come whole.
extension Transport {
    /// Brings the sums up to date with a connection.
    func count(_ connection: Connection) {
        guard connection.state != .closed else { return }
        let now = (queued: connection.queue.frameBytes, unfinished: connection.decoder.buffered)
        queuedBytes += now.queued - connection.counted.queued
        unfinishedBytes += now.unfinished - connection.counted.unfinished
        connection.counted = now
    }

    func uncount(_ connection: Connection) {
        queuedBytes -= connection.counted.queued
        unfinishedBytes -= connection.counted.unfinished
        connection.counted = (0, 0)
    }

    /// Ends a connection that holds more than its share of an unfinished frame when there is too much of that in all.
    func checkUnfinished<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        count(connection)
        guard unfinishedBytes > limits.unfinishedTotalMax, connection.counted.unfinished > limits.unfinishedShare else {
            return
        }
        fail(connection, "too many frames are unfinished: \(unfinishedBytes) bytes in all", handler)
    }
}
