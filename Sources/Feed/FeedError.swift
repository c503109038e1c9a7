import CZeroMQ
import Glibc

/// A feed's operation that failed: what was tried, on what, and the reason.
package struct FeedError: Error, Equatable, CustomStringConvertible {
    package enum Operation: String, Sendable {
        case createSocket = "create a socket"
        case setOption = "set a socket option"
        case bind, connect, send
        case openFile = "open the file of rejected messages"
        case writeFile = "write the file of rejected messages"
        case readFile = "read the file of rejected messages"
        case startThread = "start the receiving thread"
        case makeKeys = "make keys"
    }

    package var operation: Operation
    /// The endpoint, option or file.
    package var subject: String
    /// The errno of the system or of ZeroMQ.
    package var code: Int32

    /// Takes the errno of the ZeroMQ call that has just failed.
    init(_ operation: Operation, _ subject: String, code: Int32 = zmq_errno()) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    package var description: String {
        let reason = String(cString: zmq_strerror(code))
        return "could not \(operation.rawValue) \(subject): \(reason). \(remedy)"
    }

    private var remedy: String {
        switch operation {
        case .bind: "Give an endpoint that no other process has bound, such as ipc:///run/x.sock."
        case .connect: "Give endpoints such as tcp://host:9940 or ipc:///run/x.sock."
        case .openFile, .writeFile, .readFile: "See that the directory exists and has room."
        case .makeKeys: "See that libzmq is built with CURVE."
        case .createSocket, .setOption, .send, .startThread:
            "See that the process has descriptors, threads and memory left."
        }
    }
}
