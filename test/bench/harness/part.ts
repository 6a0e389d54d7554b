import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";

/** A question to another process of the benchmark, with the forms of what goes over and what comes back. */
export interface Call<Input, Output> {
  name: string;
  input: z.ZodType<Input>;
  output: z.ZodType<Output>;
}

const Question = z.object({ id: z.number(), name: z.string(), input: z.unknown() });
const Reply = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("answer"), id: z.number(), output: z.unknown() }),
  z.object({ kind: z.literal("failed"), id: z.number(), reason: z.string() }),
]);

/** A process of its own that answers calls, so that its work does not slow down who asks. */
export interface Part extends AsyncDisposable {
  pid: number;
  ask<Input, Output>(call: Call<Input, Output>, input: Input): Promise<Output>;
}

interface Waiting {
  resolve: (output: unknown) => void;
  reject: (reason: Error) => void;
}

/** Starts `file`, which must end in `-process.ts` and call `servePart`. Rejects when it ends before it is ready. */
export async function startPart(file: URL, env: Record<string, string> = {}): Promise<Part> {
  const child = fork(file, {
    env: { PATH: process.env["PATH"], ...env },
    execArgv: [],
    // What it says is for people; stdout carries the result and nothing else.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  const ready = Promise.withResolvers<void>();
  child.on("message", (message) => {
    const reply = Reply.parse(message);
    if (reply.kind === "ready") return ready.resolve();
    const asker = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === "answer") asker?.resolve(reply.output);
    else asker?.reject(new Error(reply.reason));
  });
  const ended = once(child, "exit");
  child.once("exit", (code, signal) => {
    const gone = new Error(`${file.pathname} has ended with ${code ?? signal}`);
    ready.reject(gone);
    for (const { reject } of waiting.values()) reject(gone);
  });
  await ready.promise;
  return {
    pid: child.pid ?? 0,
    async ask(call, input) {
      const id = ++asked;
      const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      child.send({ id, name: call.name, input });
      return call.output.parse(await answer);
    },
    [Symbol.asyncDispose]: () => end(child, ended),
  };
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect();
  const late = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(late);
}

function send(message: z.infer<typeof Reply>): void {
  if (process.connected) process.send?.(message);
}

/** A call with who answers it. */
export interface Answering {
  name: string;
  answer(input: unknown): Promise<unknown>;
}

export function answering<Input, Output>(
  { name, input, output }: Call<Input, Output>,
  answer: (input: Input) => Promise<Output>,
): Answering {
  return { name, answer: async (raw) => output.parse(await answer(input.parse(raw))) };
}

/** Answers calls until who started this process lets go of it, or is gone; then `stack` is undone. */
export function servePart(answers: readonly Answering[], stack: AsyncDisposableStack): void {
  process.on("message", (message) => {
    const { id, name, input } = Question.parse(message);
    const one = answers.find((each) => each.name === name);
    if (one === undefined) return send({ kind: "failed", id, reason: `nobody answers ${name}` });
    one.answer(input).then(
      (output) => send({ kind: "answer", id, output }),
      (error: unknown) => {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        send({ kind: "failed", id, reason });
      },
    );
  });
  process.once("disconnect", () => {
    void stack.disposeAsync().finally(() => process.exit(0));
  });
  // Ctrl-C reaches the whole group: who started us ends us in its own order.
  process.on("SIGINT", () => undefined);
  send({ kind: "ready" });
}
