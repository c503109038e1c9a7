import NIOCore
import Query

/// Since when a connection has been doing what it does.
struct ConnectionWatch {
    var lastActive = NIODeadline.now()
    /// When the request that is still arriving began to.
    private(set) var requestBegan: NIODeadline?
    var task: Scheduled<Void>?
    /// The last write is under way.
    var isClosed = false

    /// - Parameter isUnfinished: a request has arrived in part, and nothing but its rest is
    ///   waited for.
    mutating func noteRequest(isUnfinished: Bool) {
        if !isUnfinished {
            requestBegan = nil
        } else if requestBegan == nil {
            requestBegan = lastActive
        }
    }
}

extension Connection {
    /// Looks after idle clients and endless requests, some times per limit.
    func startWatch(_ context: ChannelHandlerContext) {
        let shortest = min(room.limits.idle, room.limits.request)
        let period = TimeAmount.nanoseconds(TimeAmount(shortest).nanoseconds / 4)
        watch.task = context.eventLoop.assumeIsolated().scheduleTask(in: period) {
            guard let context = self.context else { return }
            self.look()
            if self.context != nil { self.startWatch(context) }
        }
    }

    private func look() {
        let now = NIODeadline.now()
        if let began = watch.requestBegan, now - began > TimeAmount(room.limits.request) {
            output.append(
                .error("ERR a request did not arrive whole within \(room.limits.request)"))
            close()
            advance()
        } else if !isBusy, now - watch.lastActive > TimeAmount(room.limits.idle) {
            context?.close(promise: nil)
        }
    }
}
