/// Every limit of Tallylog, named, with its unit last. Formats and protocols refer here.
public enum Limits {
    // Messages.
    /// The longest payload that is accepted; longer ones are rejected.
    public static let payloadBytesMax = 4 << 20
    /// The longest name of any dimension; a longer topic is rejected, another name is skipped.
    public static let nameBytesMax = 512
    /// The most names, over all dimensions, that one message may carry; further ones are skipped.
    public static let namesPerMessageMax = 1_024
    /// The deepest nesting of JSON that is accepted.
    public static let jsonDepthMax = 512
    /// How far a timestamp may lie ahead of the arrival.
    public static let timestampAheadSecondsMax: Int64 = 7 * 86_400
    /// The oldest timestamp that is accepted: 2000-01-01T00:00:00Z, years before the bus existed.
    public static let timestampSecondsMin: Int64 = 946_684_800
    /// Two messages of one id are the same if their times differ by less than this.
    public static let duplicateWindowMicroseconds: Int64 = 2_000_000
    /// The same, where one of the two came without a timestamp and got its arrival's.
    public static let duplicateWindowTimelessMicroseconds: Int64 = 86_400 * 1_000_000
    /// The longest frame that a feed takes off the wire; the connection of a longer one is cut.
    /// Above `payloadBytesMax`, so that most over-long messages are rejected with their reason.
    public static let feedFrameBytesMax = 16 << 20
    /// The messages that wait in a feed's socket, per connection; beyond it the publisher drops.
    public static let feedQueuedMessagesMax = 50_000
    /// A feed hands its batch on at this size, or when nothing more waits.
    public static let feedBatchBytes = 1 << 20
    /// The same by number of records.
    public static let feedBatchRecords = 4_096
    /// The most rules in a profile.
    public static let rulesMax = 10_000
    /// The most days whose counts per minute are dropped at a time.
    public static let minutesHorizonDaysMax: Int64 = 64
    /// The most placeholders in a template.
    public static let placeholdersMax = 16
    /// The longest profile, and the longest file of aliases.
    public static let configurationBytesMax = 64 << 20

    // Gaps and backfill.
    /// The longest name of a feed, a source or an endpoint in the log.
    public static let feedTextBytesMax = 512
    /// A feed notes in the log that it has heard all until now after so many seconds ...
    public static let feedHeardSeconds: Int64 = 300
    /// ... or after so many messages, but not within `feedHeardSecondsMin`.
    public static let feedHeardMessages = 10_000
    public static let feedHeardSecondsMin: Int64 = 10
    /// A publisher drops what it sends before it knows of a subscription, so a gap ends so long
    /// after a connection was made.
    public static let feedSettleMicroseconds: Int64 = 2_000_000
    /// An endpoint that is not connected so long after the start has a gap of its own.
    public static let feedConnectSecondsMax: Int64 = 10
    /// An endpoint that speaks another mechanism than CURVE, or CURVE unexpectedly, is tried again
    /// after so long.
    public static let feedReconnectMicroseconds: Int64 = 5_000_000
    /// Keepalive finds a silent TCP connection dead after so long: 60 s idle and 3 probes of 5 s.
    public static let feedSilenceSecondsMax: Int64 = 75
    /// A feed whose socket was not found empty for so long may have kept publishers waiting for
    /// longer than their own marks allow.
    public static let feedStallSecondsMax: Int64 = 10
    /// Publishers whose counters are followed; the one that was silent for longest is forgotten.
    public static let feedPublishersMax = 10_000
    /// Processes that count side by side under one publisher's name.
    public static let feedCountersPerPublisherMax = 16
    /// A counter that is further ahead than this is another process's.
    public static let feedCounterJumpMax: Int64 = 1_000
    /// Jumps of counters are noted together, once in so many seconds.
    public static let feedJumpSeconds: Int64 = 10
    /// What is fetched before and behind a gap, unless configured otherwise: publishers' clocks.
    public static let backfillOverlapSeconds: Int64 = 30
    /// A source is believed to have all messages that are so old, unless configured otherwise.
    public static let backfillLagSeconds: Int64 = 60
    /// What one request for history asks for at most; datagrepper gives no more.
    public static let backfillPageRows = 100
    /// The first window of time that a source is asked for, and the widest.
    public static let backfillWindowSecondsFirst: Int64 = 600
    public static let backfillWindowSecondsMax: Int64 = 30 * 86_400
    /// A second with more messages than a page has is read again and again, until all messages
    /// that the source counts were seen, or none was new for so many times.
    public static let backfillPassesWithoutNewMax = 16
    /// A page of history has at most so many bytes.
    public static let backfillPageBytesMax = 256 << 20
    /// A request for history has failed if it takes longer.
    public static let backfillRequestSecondsMax: Int64 = 120
    /// The same, where another Tallylog is asked: it answers at once, and a stop waits for it.
    public static let backfillSocketSecondsMax = 20
    /// After a failure a source is left alone for at least so long, and for twice as long after
    /// each further one, up to the second bound; a random part of the second half is taken off.
    public static let backfillRetrySecondsMin: Int64 = 1
    public static let backfillRetrySecondsMax: Int64 = 300
    /// How far a fetch has come is noted once in so many seconds: a kill costs no more.
    public static let backfillNoteSeconds: Int64 = 1
    /// A gap that grows is fetched once in so many seconds ...
    public static let backfillGrowthSeconds: Int64 = 60
    /// ... and how far that has come is noted once it has come so much further.
    public static let backfillGrowthNoteSeconds: Int64 = 600
    /// INFO lists so many gaps that are not filled.
    public static let infoGapsMax = 20
    /// Gaps are looked for so often.
    public static let backfillPollMilliseconds = 500

    /// A file with a key of CURVE is no longer.
    public static let keyFileBytesMax = 64 << 10

    // Signatures.
    /// Certificates that a feed has verified and keeps; past it, it begins anew.
    public static let signersMax = 1_024
    /// The longest certificate of a message: PEM in base 64, with links of its chain.
    public static let certificateTextBytesMax = 64 << 10
    /// The longest file of authorities, and of revocation lists.
    public static let trustFileBytesMax = 64 << 20
    /// Whether these files have changed is looked at once in so long ...
    public static let trustLookMicroseconds: Int64 = 60_000_000
    /// ... and when a message fails that newer ones could mend, unless they were just read again.
    public static let trustReadingMicroseconds: Int64 = 1_000_000

    // The log.
    /// A journal that has reached this size is full.
    public static let journalBytesMax = 64 << 20
    /// Journals reserve space ahead in steps of this size.
    public static let journalReserveBytes = 16 << 20
    /// The most records in one segment.
    public static let segmentRecordsMax = 1 << 18
    /// No log gets so far: whatever names a higher sequence is none of its files or batches.
    public static let sequenceMax: UInt64 = 1 << 62
    /// Repair makes up for so many missing records in one place. More are no loss, but the sign of
    /// a file that does not belong there.
    public static let repairedGapRecordsMax: UInt64 = 1 << 32
    /// The most records in one segment that several were merged into.
    public static let mergedRecordsMax = 1 << 21
    /// The largest batch, and so the longest tail that a crash may tear.
    public static let batchBytesMax = 16 << 20
    /// Writes of at least so many bytes go past the page cache, where the file system allows it.
    public static let directWriteBytesMin = 1 << 20
    /// The memory, in all logs of the process, of batches written so that may be read soon.
    public static let recentBatchesBytesMax = 24 << 20
    /// Segments of one size are merged when so many stand side by side.
    public static let mergeSegments = 4
    /// zstd's level for archives of full journals: what keeps up with the bus.
    public static let sealingLevel = 3
    /// zstd's level for archives of merged segments that stay as they are.
    public static let mergingLevel = 9
    /// The shortest repetition that is looked for in them, in bytes.
    public static let mergingMatchBytesMin = 6
    /// The journals that one archive is made of at once: their payloads stand in memory meanwhile.
    public static let archivedJournalBytesMax = journalBytesMax
    /// Archives and columns are written and handed to the disk in pieces of about this size. Pieces
    /// of 1 MiB held up the log's flushes four times as long: these wait for all that is under way.
    public static let flushedPieceBytes = 64 << 10
    /// Decompressed blocks of archives that are kept, 8 KiB each: the last hundred messages of
    /// each of 300 topics stand in 2,100, and a set of eight places is full before all others are.
    public static let decompressedBlocksMax = 4_096
    /// Topics of which a reader of payloads has the block at hand that it read last.
    public static let topicBlocksMax = 512
    /// The dictionary of an archive; a smaller one gets a smaller dictionary.
    public static let dictionaryBytesMax = 256 << 10
    /// Batches start at multiples of this offset.
    public static let batchAlignmentBytes = 512
    /// Rows in one block of a segment's columns; each block knows its earliest and latest time.
    public static let columnBlockRows = 1_024
    /// The rejected messages that are kept, by size of the side file.
    public static let rejectedBytesMax = 64 << 20

    // The rollups.
    /// The LMDB map of a new store; it doubles when it is full.
    public static let indexMapBytesFirst = 256 << 20
    /// The quota up to which it does.
    public static let indexMapBytesMax = 64 << 30
    /// A checkpoint folds at most about this many messages, and runs once so many wait.
    public static let checkpointMessages = 400_000
    /// An idle engine checkpoints what waits after this long.
    public static let checkpointIdleSeconds = 5
    /// LMDB's file is rewritten in key order once it is larger than so many times its used pages:
    /// checkpoints leave it at 1.4 to 1.6 times in log order, at 2.9 in no order, and at any number
    /// under a reader that stays.
    public static let rewriteTimesUsed = 2
    /// Not again for so long, unless it is larger than `rewriteTimesUsedSoon` times.
    public static let rewriteSecondsMin = 600
    public static let rewriteTimesUsedSoon = 4
    /// Smaller files of LMDB are not rewritten by themselves.
    public static let rewriteFileBytesMin = 64 << 20
    /// If so many messages wait to be folded, appends wait too.
    public static let headMessagesMax = 2_000_000
    /// If so many full segments wait for their columns to be written, appends wait too.
    public static let unsealedSegmentsMax = 4
    /// If so many sealed segments wait for their archives to be made, appends wait too: 4 GiB of
    /// journals.
    public static let unarchivedSegmentsMax = 64
    /// Messages that wait for the log thread; beyond it, appends wait.
    public static let queuedBytesMax = 64 << 20

    // Rules.
    /// The most rules at a time.
    public static let declaredRulesMax = 64
    /// The longest name of a rule, a key or an aggregate.
    public static let ruleNameBytesMax = 64
    /// The longest definition of a rule, in its canonical text.
    public static let ruleDefinitionBytesMax = 64 << 10
    /// Patterns of topics in one rule.
    public static let ruleTopicsMax = 1_000
    /// Conditions on fields in one rule; each is looked for in every message of its topics.
    public static let ruleConditionsMax = 16
    /// Names of one dimension that a rule asks for.
    public static let ruleNamesMax = 1_000
    /// Keys that one rule groups by.
    public static let ruleKeysMax = 8
    /// Aggregates of one rule, the number of messages not counted.
    public static let ruleAggregatesMax = 16
    /// Fields of the newest message that one aggregate keeps.
    public static let ruleLatestFieldsMax = 16
    /// Widths of buckets of one rule.
    public static let ruleWidthsMax = 8
    /// The widest bucket: a year of 366 days.
    public static let ruleWidthSecondsMax: Int64 = 366 * 86_400
    /// The longest that buckets of a width may be kept, other than for ever: 100 years.
    public static let ruleKeptSecondsMax: Int64 = 36_600 * 86_400
    /// Groups of one rule that are kept apart, where it does not say.
    public static let ruleGroupsUsual = 10_000
    /// The most that it may say.
    public static let ruleGroupsMax = 200_000
    /// The keys of one rule's groups, in bytes; groups that come behind are no longer kept apart.
    public static let ruleGroupBytesMax = 64 << 20
    /// Combinations of the keys' values that one message counts for.
    public static let ruleGroupsPerMessageMax = 64
    /// Distinct texts are counted exactly up to so many per bucket and group, or per answer.
    public static let ruleDistinctExactMax = 512
    /// Numbers beyond +-10^18 are no numbers for sums, minima, maxima and quantiles.
    public static let ruleNumberDigitsMax = 18
    /// LMDB's map of a new rule, and the quota up to which it doubles.
    public static let ruleMapBytesFirst = 16 << 20
    public static let ruleMapBytesMax = 16 << 30
    /// Rows of the log that rules are computed from at a time.
    public static let ruleBatchRows = 2_048
    /// While messages come, history rests for as long as a batch of it took, but at most so long.
    public static let ruleRestMicrosecondsMax: Int64 = 20_000
    /// What was computed is folded into LMDB once it is of so many rows, or has so many bytes ...
    public static let ruleFoldRows = 262_144
    public static let ruleFoldBytes = 32 << 20
    /// ... or after so long.
    public static let ruleFoldSeconds = 5
    /// Stored rows that one transaction deletes.
    public static let ruleDeletedRowsMax = 20_000
    /// An answer evaluates so many of the newest rows itself; where a rule is further behind, the
    /// answer is of what it covers.
    public static let ruleTailRowsMax: UInt64 = 65_536
    /// Messages at a range's ends, between buckets that are kept, that one answer evaluates.
    public static let ruleEdgeMessagesMax = 100_000
    /// A horizon moves once this part of what it keeps has passed: an eighth.
    public static let ruleHorizonSteps: Int64 = 8

    // Queries.
    /// The largest LIMIT.
    public static let replyRowsMax = 10_000
    /// The largest number of buckets in one series.
    public static let seriesBucketsMax = 1_000_000
    /// Pairs of a bucket and a name that one series BY may have.
    public static let seriesCellsMax = 4_000_000
    /// The deepest LEVEL of a topic.
    public static let topicLevelsMax = 64
    /// The longest time that READ waits, in milliseconds.
    public static let readWaitMillisecondsMax = 300_000
    /// The longest name of a time zone.
    public static let zoneNameBytesMax = 64
    /// MESSAGES and READ without a LIMIT list so many.
    public static let messagesDefault = 100
    /// The largest reply to one request.
    public static let replyBytesMax = 64 << 20

    // The socket.
    /// The longest word of a request: a whole payload.
    public static let requestWordBytesMax = payloadBytesMax
    /// The longest request: a payload and the words around it.
    public static let requestBytesMax = payloadBytesMax + (64 << 10)
    /// What requests that have not arrived whole may hold, over all connections.
    public static let unfinishedRequestBytesMax = 64 << 20
    /// A request of less is not refused for what others hold.
    public static let unfinishedRequestBytesFree = 64 << 10
    /// The most words in one request.
    public static let requestWordsMax = 16_384
    /// The longest line of an inline command other than APPEND.
    public static let inlineBytesMax = 64 << 10
    /// Appends of one connection that wait to be durable; beyond it, its requests wait unread.
    public static let connectionAppendsMax = 1_024
    /// Their bytes.
    public static let connectionAppendBytesMax = 16 << 20
    /// Replies of one connection that it has not read; beyond it, its requests wait unread.
    public static let connectionReplyBytesMax = 64 << 10
    /// Open connections; further ones are refused in words.
    public static let connectionsMax = 10_000
    /// Connections that the kernel holds until they are accepted; beyond it, it refuses who does
    /// not wait.
    public static let socketBacklog: Int32 = 4_096
    /// Files that are kept free for the store; connections may have the rest.
    public static let openFilesReserved = 1_024
    /// How many files a process may have open where the system does not say.
    public static let openFilesAssumed = 1_024
    /// A connection that neither asks nor waits for so long is closed.
    public static let connectionIdleSecondsMax: Int64 = 3_600
    /// A request must have arrived whole so long after its first byte.
    public static let requestSecondsMax: Int64 = 60
    /// A shutdown waits so long for requests under way.
    public static let shutdownSecondsMax: Int64 = 10
    /// The longest path of a socket: `sun_path` less its closing zero.
    public static let socketPathBytesMax = 107
}
