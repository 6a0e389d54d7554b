/** A structured log. Adapters give it; every line carries what identifies the work it is about. */
export interface LogFields {
  correlationId?: string;
  /** What was being tried, as a verb phrase. */
  intent?: string;
  stage?: string;
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
