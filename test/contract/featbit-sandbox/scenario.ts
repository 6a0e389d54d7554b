import type { RecordedEntry, RecordedFile } from "../../support/recorded-featbit.ts";
import { isExchange, loadRecorded } from "../../support/recorded-featbit.ts";
import { differences } from "./compare.ts";
import { PROD } from "./replay.ts";
import type { Replay } from "./replay.ts";
import { typed } from "../../support/typed.ts";

export type Step = { file: RecordedFile; from: string; to: string };

/** The REST recordings in the order they were made: files are by topic, so some of them interleave. */
export const STEPS: readonly Step[] = [
  { file: "rest-projects", from: "login-wrong", to: "env-create" },
  { file: "rest-tokens-iam", from: "token-create-full", to: "token-list-after" },
  { file: "rest-flags", from: "create-boolean", to: "create-envid-in-body" },
  { file: "rest-errors", from: "json-malformed", to: "json-comment" },
  { file: "rest-flags", from: "list", to: "create-race" },
  { file: "rest-errors", from: "no-auth", to: "jwt-toggle" },
  { file: "rest-audit", from: "audit-create", to: "revert-from-audit" },
  { file: "rest-segments", from: "create", to: "segment-audit-deleted" },
  { file: "triggers", from: "create", to: "run-deleted" },
  { file: "rest-projects", from: "workspace", to: "env-settings-get" },
  { file: "rest-tokens-iam", from: "iam-members-full", to: "ro-nodiff-real" },
  { file: "rest-errors", from: "jwt-list", to: "jwt-list" },
  { file: "rest-flags", from: "float-0.3333333333333333", to: "big-5000-users" },
  { file: "rest-flags", from: "odd-create-all-tags", to: "race-evaluate" },
  { file: "rest-errors", from: "options-cors", to: "options-cors" },
];

/** Entries left out, with the reason. The list is short on purpose: everything else is compared. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "rest-projects/login*": "logging in is for people; the sandbox seeds them",
  "rest-projects/refresh-token*": "logging in is for people; the sandbox seeds them",
  "rest-projects/workspaces": "a person's screen (JWT only)",
  "rest-projects/profile": "a person's screen (JWT only)",
  "rest-projects/organizations*": "a person's screen (JWT only)",
  "rest-projects/onboarding*": "a person's screen (JWT only)",
  "rest-projects/projects-jwt*": "a person's screen (JWT only)",
  "rest-audit/revert-from-audit": "notes of a whole procedure; played in featbit-sandbox.test.ts",
  "rest-tokens-iam/token-create-*": "access tokens are made by people on a screen; the sandbox seeds them",
  "rest-tokens-iam/token-list": "people's list of tokens (JWT only)",
  "rest-tokens-iam/token-list-after": "people's list of tokens (JWT only)",
  "rest-tokens-iam/dead-toggle": "done on the object: a person's screen (JWT only)",
  "rest-tokens-iam/iam-policies-*": "the list of IAM policies is not built",
  "rest-errors/token-on-policies": "the list of IAM policies is not built",
  "rest-flags/big-5000-users": "latencies, not an answer",
  "triggers/create": "triggers are made by people on a screen; the sandbox seeds them",
  "triggers/create-bad": "triggers are made by people on a screen; the sandbox seeds them",
  "triggers/list": "people's list of triggers (JWT only)",
  "triggers/list-after": "people's list of triggers (JWT only)",
  "triggers/disable": "done on the object: a person's screen (JWT only)",
  "triggers/reset-token": "done on the object: a person's screen (JWT only)",
  "triggers/delete": "done on the object: a person's screen (JWT only)",
  "rest-flags/create-race":
    "a count of six parallel creates, not an answer; lost-update.test.ts has the race",
};

/** Answers whose order the real server leaves to its database. */
const UNORDERED = new Set(["all-tags", "odd-get-all-tags", "by-ids", "all", "race-evaluate"]);

const reasonFor = (file: string, id: string): string | undefined =>
  Object.entries(LEFT_OUT).find(([name]) =>
    name.endsWith("*") ? `${file}/${id}`.startsWith(name.slice(0, -1)) : name === `${file}/${id}`,
  )?.[1];

export function entriesOf({ file, from, to }: Step): RecordedEntry[] {
  const entries = loadRecorded(file);
  const first = entries.findIndex(({ id }) => id === from);
  const last = entries.findIndex(({ id }) => id === to);
  if (first < 0 || last < first) throw new Error(`${file} has no entries ${from} .. ${to}`);
  return entries.slice(first, last + 1);
}

export async function play(replay: Replay, step: Step, givens: Givens): Promise<{ leftOut: string[] }> {
  const leftOut: string[] = [];
  for (const entry of entriesOf(step)) {
    const name = `${step.file}/${entry.id}`;
    await givens[name]?.(replay, entry);
    if (reasonFor(step.file, entry.id) !== undefined) {
      leftOut.push(`${name}: ${reasonFor(step.file, entry.id)}`);
      continue;
    }
    if (isExchange(entry)) {
      await replay.check(entry, {
        unordered: UNORDERED.has(entry.id),
        summary: "summary" in asBody(entry.response.body),
      });
      const after = entry["after"];
      if (after)
        replay.note(
          { ...entry, id: `${entry.id} after` },
          await stateDifferences(replay, flagPath(entry.request.path), after),
        );
      const raw = entry["rawFallthroughAfter"];
      if (typeof raw === "string")
        replay.note(
          { ...entry, id: `${entry.id} raw` },
          await rawDifferences(replay, entry.request.path, raw),
        );
      continue;
    }
    await observe(replay, entry);
  }
  return { leftOut };
}

const asBody = (body: unknown): object => (typeof body === "object" && body !== null ? body : {});

export type Givens = Readonly<Record<string, (replay: Replay, entry: RecordedEntry) => unknown>>;

const flagPath = (path: string): string => /^.*\/feature-flags\/[^/]+/.exec(path)?.[0] ?? path;

/** Entries that note what a flag looked like: by file, the flag they look at. */
const prodFlag = (key: string): string => `/api/v1/envs/${PROD}/feature-flags/${key}`;

async function observe(replay: Replay, entry: RecordedEntry): Promise<void> {
  if (entry["state"])
    return replay.note(
      entry,
      await stateDifferences(replay, prodFlag("new-checkout"), {
        ...entry["state"],
        auditCount: entry["auditCount"],
      }),
    );
  if (entry["item"]) return replay.note(entry, await auditDifferences(replay, entry["item"]));
  if (entry["flagNewestAudit"]) {
    const newest = entry["segmentAuditNewest"];
    if (newest) replay.note({ ...entry, id: `${entry.id} segment` }, await auditDifferences(replay, newest));
    const state = {
      ...typed<object>(entry["flag"]),
      auditCount: entry["flagAuditCount"],
      newestAudit: entry["flagNewestAudit"],
    };
    return replay.note(entry, await stateDifferences(replay, prodFlag("seg-ref"), state));
  }
  if (entry["newestAudit"]) {
    const state = {
      ...typed<object>(entry["flag"]),
      auditCount: entry["auditCount"],
      newestAudit: entry["newestAudit"],
    };
    return replay.note(entry, await stateDifferences(replay, prodFlag("trig-flag"), state));
  }
  throw new Error(`nothing compares ${entry.id}`);
}

async function auditDifferences(replay: Replay, item: unknown): Promise<string[]> {
  const { refId } = typed<{ refId: string }>(item);
  const page = await replay.given("GET", `/api/v1/envs/${PROD}/audit-logs?pageSize=1&refId=${refId}`);
  return differences(item, typed<{ items: unknown[] }>(page).items[0], replay.ids, "item");
}

/** Numbers as they are written on the wire. */
async function rawDifferences(replay: Replay, path: string, raw: string): Promise<string[]> {
  const { text } = await replay.send({ method: "GET", path: flagPath(path), authAs: "full", headers: {} });
  return text.includes(replay.ids.translate(raw)) ? [] : [`raw: recorded ${raw}, got ${text}`];
}

/** Some states note only a few members of the newest entry. */
async function newestAuditDifferences(replay: Replay, refId: string, noted: object): Promise<string[]> {
  const page = await replay.given("GET", `/api/v1/envs/${PROD}/audit-logs?pageSize=1&refId=${refId}`);
  const newest = typed<{ items: object[] }>(page).items[0] ?? {};
  const same = Object.fromEntries(Object.entries(newest).filter(([name]) => Object.hasOwn(noted, name)));
  return differences(noted, same, replay.ids, "newestAudit");
}

async function stateDifferences(replay: Replay, path: string, recorded: unknown): Promise<string[]> {
  const flag = typed<Record<string, unknown>>(await replay.given("GET", path));
  const { sandbox } = replay;
  const found: string[] = [];
  for (const [name, value] of Object.entries(typed<object>(recorded))) {
    if (name === "auditCount") {
      const count = sandbox.world.audits.filter(({ refId }) => refId === flag["id"]).length;
      if (count !== value) found.push(`auditCount: recorded ${value}, got ${count}`);
    } else if (name === "newestAudit") {
      found.push(...(await newestAuditDifferences(replay, typed<string>(flag["id"]), typed<object>(value))));
    } else if (name === "rules" && typeof typed<unknown[]>(value)[0] === "string") {
      found.push(
        ...differences(
          value,
          typed<{ name: string }[]>(flag["rules"]).map((rule) => rule.name),
          replay.ids,
          name,
        ),
      );
    } else {
      found.push(...differences(value, flag[name], replay.ids, name));
    }
  }
  return found;
}
