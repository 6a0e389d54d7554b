/** A query that Prometheus refuses: `bad_data` answers 400 (cannot be read), `execution` 422 (cannot be computed). */
export class PromqlError extends Error {
  readonly errorType: "bad_data" | "execution";

  constructor(errorType: "bad_data" | "execution", message: string) {
    super(message);
    this.name = "PromqlError";
    this.errorType = errorType;
  }
}

/** Prometheus words syntax errors as `line:column: parse error: what`, columns counted from 1. */
export function parseError(source: string, offset: number, message: string): PromqlError {
  const before = source.slice(0, offset).split("\n");
  const column = (before.at(-1) ?? "").length + 1;
  return new PromqlError("bad_data", `${before.length}:${column}: parse error: ${message}`);
}
