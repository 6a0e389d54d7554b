/**
 * One word of the command line: what the module `src/commands/<name>.ts` exports. It is imported only when the
 * word is used, and for the list of commands.
 */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** All of its help: a usage line, then options and examples. */
  usage: string;
  /** Gets what stands after the name; answers the exit code. Throws `UsageError`, `ConfigError` or `OpsError`. */
  run(args: string[]): Promise<number>;
}

/** The command line cannot be understood. The message says what and what instead; usage is shown behind it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
