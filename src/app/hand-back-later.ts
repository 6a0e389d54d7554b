/** Of the 10 s in which a process has to end, those in which what is in hand may come to its own end. */
const patienceMs = 4000;

export interface Ending {
  /** See `StageRunnerOptions`. */
  signal: AbortSignal;
  /** To be undone first of all: from then on time runs. */
  begin: Disposable;
  /** To be undone last. */
  end: Disposable;
}

/** When this process ends, lets what is in hand finish for a while, and then has it handed back. */
export function handBackLater(): Ending {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: ending.signal,
    begin: {
      [Symbol.dispose]() {
        timer = setTimeout(() => ending.abort(), patienceMs);
      },
    },
    end: { [Symbol.dispose]: () => clearTimeout(timer) },
  };
}
