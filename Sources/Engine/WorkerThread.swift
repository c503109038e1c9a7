import Glibc

/// A thread of the engine's own: named, joined once, never a part of any pool.
@safe
package final class WorkerThread: @unchecked Sendable {
    private var handle = pthread_t()

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts at once.
    /// - Parameter name: at most 15 bytes; shown by `top -H` and debuggers.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
        let failure = unsafe pthread_create(
            &handle, nil,
            { raw in
                guard let raw = unsafe raw else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                nameThisThread(start.name)
                start.body()
                return nil
            }, start)
        precondition(failure == 0, "the system refused a thread: error \(failure)")
    }

    /// Waits until the thread's body has returned. To be called once.
    package func join() { pthread_join(handle, nil) }
}

/// Names the calling thread. A nameless thread works as well, so failures do not matter.
private func nameThisThread(_ name: String) {
    let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    let bytes = Array(name.utf8)
    _ = unsafe write(descriptor, bytes, bytes.count)
    close(descriptor)
}

/// Lets the other threads go first where there are fewer cores than work.
func yieldToOthers() {
    // Of the calling thread alone: so Linux reads 0.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
}

/// The processor time that the calling thread has had.
func processorMicroseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}
