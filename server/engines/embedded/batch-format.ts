/**
 * The payload of a batch record: the effects of all groups that were committed together, in their order. Effects, not
 * commands: reading them again needs no clock and decides nothing. Numbers are little-endian.
 *
 *     f64 lastSeq   the last number given to a message
 *     then, any number of times, u8 effect and
 *
 *     1 queue       u16 length, name    the queue that the following effects refer to
 *     2 put         f64 seq, u16 failures, u16 recoveries, u32 bytes, u32 length, message record
 *     3 drop        f64 seq
 *     4 count       f64 seq, u16 failures, u16 recoveries
 *     5 drop queue
 *     6 suspect all any message present may have been delivered before: the power was cut
 *     7 log         u16 length, topic, u8 length, epoch, f64 maxMessages, f64 maxAgeMs
 *                                       the topic's log that the following effects refer to, and its bounds
 *     8 log put     f64 offset, f64 at, u32 bytes, u32 length, message record
 *     9 use         f64 expiresAt, u8 length, key    what comes with this key is a repeat until then
 *     10 postpone   f64 seq, f64 dueAt   not before then, whatever its record says
 *     11 subscription  u32 length, JSON   a durable subscription, by the name of its queue: its terms, or all there is to it
 *     12 pull       f64 cursor, f64 missed, u32 count, and for each f64 seq, f64 offset, f64 missed
 *                                       what its queue takes out of its log, and how far it has come there
 *     13 kept log   u16 length, pattern, u8 length, epoch   the log of a pattern that the following effects refer to
 *     14 kept put   f64 offset, f64 at, u32 bytes, u32 length, message record
 *
 * A put of a message that is there already, or a use with the same end, moves it: the front of the journal was to be freed.
 * What a topic's log forgets is not written down: it follows from the bounds and the times of what is put in later; so it does
 * for the log of a pattern, from the cursors of its subscriptions.
 * Messages that a queue took out of a log have no put: drops and counts speak of them as of any other. A subscription that is
 * read as a whole, as the front of the journal is freed, stands for all that was written of it before.
 * A drop, a count or a drop queue of what is not there means nothing: what it referred to went with the front.
 */
export const BATCH = 1;

export const EFFECT = { queue: 1, put: 2, drop: 3, count: 4, dropQueue: 5, suspectAll: 6, log: 7, logPut: 8, use: 9, postpone: 10, subscription: 11, pull: 12, keptLog: 13, keptPut: 14 } as const;

/** Octets of an effect without its first and without what has a length of its own. */
export const FIXED_BYTES = { queue: 2, put: 20, drop: 8, count: 12, log: 19, logPut: 24, use: 9, postpone: 16, subscription: 4, pull: 20, pulled: 24, keptLog: 3, keptPut: 24 } as const;
/** Octets of a use without its first. */
export const useBytes = (key: string): number => FIXED_BYTES.use + Buffer.byteLength(key);
