import { clip } from "../clip.ts";

/** What was seen is not what the script expects. `more` are lines that help to see why, such as a card's text. */
export class Unexpected extends Error {
  override readonly name = "Unexpected";
  readonly more: string;

  constructor(seen: string, more = "") {
    super(seen);
    this.more = more;
  }
}

export interface Steps {
  heading(text: string): void;
  /**
   * Runs one step and prints it with its time. `run` answers what was seen, in a few words. A step that fails is
   * printed with what was expected and what was seen; it does not stop the script.
   */
  step(title: string, expected: string, run: () => Promise<string>): Promise<void>;
  /** The last line, and whether all was as expected. */
  end(): boolean;
}

const mostSeen = 150;

export function createSteps(write: (text: string) => void): Steps {
  const startedAt = performance.now();
  let steps = 0;
  let asExpected = 0;

  const line = (mark: string, title: string, seen: string): void => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    write(`${`+${seconds} s`.padStart(8)}  ${mark} ${title}${seen === "" ? "" : `: ${seen}`}\n`);
  };

  return {
    heading: (text) => write(`\n${text}\n`),
    async step(title, expected, run) {
      steps += 1;
      try {
        const seen = await run();
        asExpected += 1;
        line("✓", title, clip(seen.replaceAll(/\s+/g, " ").trim(), mostSeen));
      } catch (error) {
        line("✗", title, "");
        const seen = error instanceof Error ? error.message : String(error);
        write(indented(`expected: ${expected}\nseen: ${seen}`));
        if (error instanceof Unexpected && error.more !== "") write(indented(error.more));
      }
    },
    end() {
      write(`\ndemo: ${steps} steps, ${asExpected} as expected\n`);
      return steps > 0 && asExpected === steps;
    },
  };
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `            ${line}\n`)
    .join("");
}
