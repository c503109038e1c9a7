import AsyncHTTPClient
import Envelope
import Model
import NIOCore
import NIOHTTP1
import NIOPosix

/// Requests to a datagrepper's /raw, of either generation: only what both understand is asked.
final class DatagrepperRequests: Sendable {
    /// A page of messages, oldest first; in no order within a second.
    struct Page: Sendable {
        var envelopes: [[UInt8]]
        var layout: ArchivePage

        /// Whether the range has no more messages than these. A total is believed only where it
        /// says more than the page has: that of a single page is the number of its rows.
        var isWhole: Bool {
            let rows = min(
                layout.rowsPerPage ?? Limits.backfillPageRows, Limits.backfillPageRows)
            return envelopes.count < rows && layout.total ?? 0 <= envelopes.count
        }
    }

    private let client: HTTPClient
    private let address: String

    /// - Parameter address: of the service, with or without `/raw` at its end.
    init(_ address: String) {
        var base = Substring(address)
        while base.hasSuffix("/") { base.removeLast() }
        if base.hasSuffix("/raw") { base.removeLast(4) }
        self.address = base + "/raw"
        var configuration = HTTPClient.Configuration()
        let patience = Limits.backfillRequestSecondsMax
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(patience))
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration)
    }

    /// To be called once, when no request is under way.
    func close() async {
        // Nothing is under way and nothing will be: there is nothing to be told.
        try? await client.shutdown()
    }

    /// Asks for one page of the messages of these seconds, both ends included.
    /// - Throws: `SourceFailure` where no page comes; `CancellationError`.
    func page(
        _ number: Int = 1, of seconds: ClosedRange<Int64>
    ) async throws -> Page {
        var request = HTTPClientRequest(
            url: address + "?start=\(seconds.lowerBound)&end=\(seconds.upperBound)&order=asc"
                + "&rows_per_page=\(Limits.backfillPageRows)&page=\(number)")
        // Without it the answer's form is not settled, and some proxies answer a page for people.
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "tallylog")
        do {
            let response = try await client.execute(
                request, timeout: .seconds(Limits.backfillRequestSecondsMax))
            guard response.status == .ok else {
                throw SourceFailure(
                    "it answered with the status \(response.status.code)",
                    retrySeconds: response.headers.first(name: "Retry-After").flatMap(Int64.init))
            }
            let body = try await response.body.collect(upTo: Limits.backfillPageBytesMax)
            return try page(body)
        } catch let failure as SourceFailure {
            throw failure
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw SourceFailure("it could not be read: \(Self.sentence(error))")
        }
    }

    private func page(_ body: ByteBuffer) throws(SourceFailure) -> Page {
        do {
            return try body.withUnsafeReadableBytes { bytes throws(ArchivePage.Malformed) in
                let layout = try ArchivePage(bytes)
                return Page(
                    envelopes: layout.messages.map { Array(bytes[$0]) }, layout: layout)
            }
        } catch {
            throw SourceFailure(error.sentence)
        }
    }

    private static func sentence(_ error: any Error) -> String {
        let text = (error as? HTTPClientError).map { "\($0)" } ?? "\(error)"
        return String(text.prefix(200))
    }
}
