import { applyCall, type FlagCall } from "../../src/domain/flag/call.ts";
import { describeFlag } from "../../src/domain/flag/describe-flag.ts";
import { type Flag, type FlagRef, sameBehaviour, type Segment } from "../../src/domain/flag/flag.ts";
import type { PendingFlagChange } from "../../src/domain/evidence/evidence.ts";
import { OpsError } from "../../src/domain/ops-error.ts";
import type { FlagEdit, FlagReader, FlagWriter } from "../../src/pipeline/ports/flag-platform.ts";
import { snapshotOf } from "./change-fixtures.ts";
import { Crash } from "./in-memory-store.ts";

/** What becomes of the next write. */
export type Fate =
  | "written" // and answered
  | "answer_lost" // written, and nobody hears of it
  | "lost" // not written, and nobody hears of it
  | "refused"
  | "crash_before"
  | "crash_after";

export interface FakeFlagPlatform {
  reader: Pick<FlagReader, "read" | "segments" | "refOf" | "edits" | "pendingChanges">;
  writer: FlagWriter;
  /** Everything that was really written by us, in order. */
  writes: { operationId: string; comment: string; call: FlagCall }[];
  flag(key: string): Flag;
  /** Somebody else changes the flag, or removes it. */
  edit(key: string, change: Partial<Flag> | null): void;
  /** The fates of the coming writes; afterwards everything is written. */
  fates: Fate[];
  /** What the log says of who edited it lately, and what waits to be applied. */
  edits: FlagEdit[];
  pending: PendingFlagChange[];
  /** While true nothing can be read or written. */
  down: boolean;
  /** Called just before a write is sent. */
  beforeWrite: () => void;
}

/** A flag platform with revisions and an audit log, in memory: one writer a flag, reads again just before. */
export function createFakeFlagPlatform(flags: readonly Flag[], segments: Segment[] = []): FakeFlagPlatform {
  const known = new Map(flags.map((flag) => [flag.key, flag]));
  const audit: { operationId: string; key: string; revision: string }[] = [];
  let revisions = 1;
  const put = (flag: Flag): string => {
    const revision = `rev-${++revisions}`;
    known.set(flag.key, { ...flag, revision });
    return revision;
  };
  const ready = () => {
    if (platform.down) throw new OpsError("unreachable", "FeatBit cannot be reached.");
  };
  const chain = { kind: "intact" } as const;
  const platform: FakeFlagPlatform = {
    writes: [],
    fates: [],
    edits: [],
    pending: [],
    down: false,
    beforeWrite: () => undefined,
    flag(key) {
      const flag = known.get(key);
      if (flag === undefined) throw new Error(`there is no flag ${key}`);
      return flag;
    },
    edit(key, change) {
      if (change === null) known.delete(key);
      else put({ ...platform.flag(key), ...change });
    },
    reader: {
      async read(ref: FlagRef) {
        ready();
        const flag = known.get(ref.key);
        return flag === undefined ? null : { ...snapshotOf(flag), ref };
      },
      async segments() {
        ready();
        return segments;
      },
      async edits(_ref, _flagId, from, limit) {
        ready();
        return platform.edits.filter(({ at }) => at >= from).slice(0, limit);
      },
      async pendingChanges() {
        ready();
        return platform.pending;
      },
      refOf: async ({ project, environment }, key) => ({ project, environment, environmentId: "env-1", key }),
    },
    writer: {
      async apply(request) {
        ready();
        const fate = platform.fates.shift() ?? "written";
        const { operationId, comment } = request;
        const { before, forward, ref } = request.plan;
        const flag = known.get(ref.key);
        if (flag === undefined) return { kind: "failed", reason: "The flag is gone." };
        if (flag.revision !== before.flag.revision || !sameBehaviour(flag, before.flag)) {
          return { kind: "conflicted", current: describeFlag(flag, segments) };
        }
        platform.beforeWrite();
        if (!(await request.stillOurs())) return { kind: "lease_lost" };
        if (fate === "crash_before") throw new Crash("died before the write");
        if (fate === "refused") return { kind: "failed", reason: "FeatBit said no." };
        if (fate === "lost") return { kind: "unknown", reason: "No answer came." };
        const revision = put(applyCall(flag, forward));
        platform.writes.push({ operationId, comment, call: forward });
        audit.push({ operationId, key: ref.key, revision });
        if (fate === "crash_after") throw new Crash("died after the write");
        if (fate === "answer_lost") return { kind: "unknown", reason: "No answer came." };
        return { kind: "applied", revision, chain };
      },
      async reconcile({ ref, before }, operationId) {
        ready();
        const entry = audit.find((one) => one.operationId === operationId);
        if (entry !== undefined) return { kind: "applied", revision: entry.revision, chain };
        const flag = known.get(ref.key);
        if (flag?.revision === before.flag.revision) return { kind: "not_applied" };
        const current = flag === undefined ? [] : describeFlag(flag, segments);
        return { kind: "unclear", reason: "Somebody else changed the flag meanwhile.", current };
      },
    },
  };
  return platform;
}
