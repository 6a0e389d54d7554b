import type { StoreName } from "../../support/place.ts";

export interface BenchOptions {
  store: StoreName;
  /** For CI: shorter and fewer rounds. */
  quick: boolean;
  /** What the order of arms is drawn from. */
  seed: number;
  /** How much there is to work on, where a bench has such a measure; else its own default. */
  size?: number;
  /** Where processes of Signalman leave a CPU profile at their end. */
  profileFolder?: string;
  /** Progress and tables, for people. Never on stdout. */
  say: (line: string) => void;
}

/** Figures by name; a part of its own, such as a storm, is an object of figures. */
export interface Figures {
  [name: string]: number | Figures;
}

/** What `test/bench/<name>.ts` exports. The file is all it takes to add a bench. */
export interface Bench {
  name: string;
  /** One line for the list of benches. */
  summary: string;
  run(options: BenchOptions): Promise<Figures>;
}
