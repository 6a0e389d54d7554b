/**
 * What a line says besides its message. Every line has `correlationId`, `intent` and `stage`; where a call leaves out
 * the first or last, those of the work in hand (`watch/work-in-hand.ts`) stand, else "": the line is about no delivery,
 * or no stage. A line of a failure has `errorClass`.
 */
export interface LogFields {
  correlationId?: string;
  /** What was being tried, as a verb phrase; never empty. */
  intent: string;
  stage?: string;
  /** The code of the `OpsError`, or `bug`; absent: that of `err`. */
  errorClass?: string;
  [key: string]: unknown;
}

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  /** Somebody must act now. */
  error(fields: LogFields, message: string): void;
}
