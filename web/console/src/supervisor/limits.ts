// Limits of the board until queues carry their own.

/** A caller waiting longer than this is marked; twice as long is an alarm. */
export const WAIT_LIMIT_MS = 60_000;
/** Not ready for longer than this is marked. */
export const NOT_READY_LIMIT_MS = 10 * 60_000;
