import { createInterface } from "node:readline";
import { UsageError } from "../../command.ts";

export interface Prompt extends Disposable {
  /** Throws `UsageError` when the input ends instead. */
  question: (text: string) => Promise<string>;
}

/** Asks on standard error and reads lines of standard input, also those that came before they were asked for. */
export function createPrompt(): Prompt {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async question(text) {
      process.stderr.write(text);
      const line = await lines.next();
      if (line.done !== true) return line.value;
      throw new UsageError(`\nThe input ended at a question; answer it, or use --yes and flags.`);
    },
    [Symbol.dispose]: () => reader.close(),
  };
}
