import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { sign } from "../../../src/sandbox/featbit/webhooks.ts";
import type { Flag, Segment } from "../../../src/sandbox/featbit/world.ts";
import { isExchange, loadRecorded } from "../../support/recorded-featbit.ts";
import type { RecordedEntry } from "../../support/recorded-featbit.ts";
import { typed } from "../../support/typed.ts";
import { differences } from "./compare.ts";
import { PROD, createReplay } from "./replay.ts";
import type { Replay } from "./replay.ts";

type Delivered = { headers: Record<string, string>; rawBody: string };

const FLAG_EVENTS =
  "created toggled archived restored variation_changed off_variation_changed default_rule_changed target_users_changed targeting_rules_changed basic_info_updated deleted";
const SEGMENT_EVENTS =
  "created archived restored rules_changed target_users_changed basic_info_updated deleted";
const EVENTS = [
  ...FLAG_EVENTS.split(" ").map((name) => `feature_flag.${name}`),
  ...SEGMENT_EVENTS.split(" ").map((name) => `segment.${name}`),
];
const SECRET = "test-secret";

const entries = loadRecorded("webhooks");
const between = (from: string, to: string) =>
  entries.slice(
    entries.findIndex(({ id }) => id === from),
    entries.findIndex(({ id }) => id === to) + 1,
  );
const played = between("flag-created", "trigger-run");
const LEFT_OUT =
  "webhooks are managed on a person's screen (JWT only); receivers that fail, hang or redirect take minutes (one retry is in featbit-sandbox.test.ts)";

const deliveriesOf = (entry: RecordedEntry): Delivered[] => typed<Delivered[]>(entry["deliveries"]);
const objectOf = (entry: RecordedEntry): Partial<Flag & Segment> => {
  const [delivery] = deliveriesOf(entry);
  return delivery ? typed<{ data: { object: Flag & Segment } }>(parse(delivery.rawBody)).data.object : {};
};
/** HTML entities stand in the texts of the template. */
const unescapeHtml = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_match, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

const parse = (body: string): unknown => JSON.parse(body);

const FLAGS = `/api/v1/envs/${PROD}/feature-flags`;
const FLAG = `${FLAGS}/wh-flag`;
const SEGMENTS = `/api/v1/envs/${PROD}/segments`;
const named = { env: "shop/prod", key: "wh-flag" };

async function revision(replay: Replay): Promise<string> {
  return typed<Flag>(await replay.given("GET", FLAG)).revision;
}

const segmentId = (replay: Replay, id: string | undefined): string => replay.ids.translate(id ?? "");

async function createSegmentAs(replay: Replay, object: Partial<Segment>, key: string): Promise<string> {
  const { name, description } = object;
  const scopes = ["organization/playground:project/shop:env/prod"];
  const body = { type: "environment-specific", name, key, description, scopes };
  const { id } = typed<Segment>(await replay.given("POST", SEGMENTS, body));
  if (object.id) replay.ids.bind(object.id, id);
  return id;
}

function createFlagAs(replay: Replay, object: Partial<Flag>, isEnabled = object.isEnabled) {
  const { name, key, description, tags, variationType, variations, disabledVariationId } = object;
  const body = { name, key, description, tags, variationType, variations, disabledVariationId, isEnabled };
  return replay.given("POST", FLAGS, { ...body, enabledVariationId: variations?.[0]?.id });
}

/** A segment that a flag refers to, as the recording had it from earlier. */
async function referencedSegment(replay: Replay, object: Partial<Segment> & { flagReferences?: Flag[] }) {
  const id = await createSegmentAs(replay, { ...object, name: object.name ?? "" }, "beta-users");
  await replay.given("PUT", `${SEGMENTS}/${id}/tags`, { tags: object.tags });
  await replay.given("PUT", `${SEGMENTS}/${id}/targeting`, {
    included: ["user-1", "user-513"],
    excluded: [],
    rules: [],
  });
  const [reference] = object.flagReferences ?? [];
  const condition = { id: "c", property: "User is in segment", op: "", value: JSON.stringify([id]) };
  const rollout = [{ id: "on", rollout: [0, 1], exptRollout: 1 }];
  const rules = [
    {
      id: "r",
      name: "in",
      dispatchKey: null,
      includedInExpt: false,
      conditions: [condition],
      variations: rollout,
    },
  ];
  const variations = [{ id: "on", name: "On", value: "true" }];
  const { id: flagId = "", name = "" } = reference ?? {};
  const flag = { id: flagId, name, env: "shop/prod", key: "seg-ref", variations, rules };
  replay.sandbox.seed({ flags: [flag] });
}

type Act = (replay: Replay, object: Partial<Flag & Segment>) => Promise<unknown>;
const put =
  (path: string, body: (object: Partial<Flag & Segment>) => object = () => ({}), as = "full"): Act =>
  (replay, object) =>
    replay.given("PUT", `${FLAG}/${path}`, body(object), as);
const text = (path: "name" | "description", value: string | null) => put(path, () => ({ [path]: value }));
const retarget: Act = async (replay, object) => {
  const { targetUsers, rules, fallthrough, exptIncludeAllTargets } = object;
  const targeting = { targetUsers, rules, fallthrough, exptIncludeAllTargets };
  await replay.given("PUT", `${FLAG}/targeting`, { revision: await revision(replay), targeting });
};
const onSegment =
  (method: string, path: string, body?: (object: Partial<Segment>) => object): Act =>
  (replay, object) =>
    replay.given(method, `${SEGMENTS}/${segmentId(replay, object.id)}${path}`, body?.(object));
const targetingOf = ({ included, excluded, rules }: Partial<Segment>) => ({ included, excluded, rules });

const ACTS: Record<string, Act> = {
  "flag-created": (replay, object) => createFlagAs(replay, object),
  "toggled-on": put("toggle/true", () => ({ comment: "not in the payload" })),
  "toggled-same": put("toggle/true"),
  "toggled-off-jwt": (replay) => replay.person.toggle(named, false),
  "toggled-off-personal": put("toggle/true", () => ({}), "personal"),
  "targeting-multi": retarget,
  "targeting-nochange": (replay) => replay.person.retarget(named, {}),
  "targeting-users-rename-rule": retarget,
  "targeting-clear": retarget,
  "off-variation": async (replay, { disabledVariationId: offVariationId }) =>
    replay.given("PUT", `${FLAG}/off-variation`, { revision: await revision(replay), offVariationId }),
  variations: async (replay, { variations }) =>
    replay.given("PUT", `${FLAG}/variations`, { revision: await revision(replay), variations }),
  tags: put("tags", ({ tags }) => ({ tags })),
  patch: (replay) => replay.given("PATCH", FLAG, [{ op: "replace", path: "/isEnabled", value: false }]),
  "name-special": put("name", ({ name }) => ({ name: unescapeHtml(name ?? "") })),
  "desc-quote": put("description", ({ description }) => ({ description: unescapeHtml(description ?? "") })),
  "toggle-with-special-name": put("toggle/true"),
  "desc-newline": text("description", "line1\nline2"),
  "toggle-with-newline-desc": put("toggle/false"),
  "desc-backslash": text("description", "C:\\temp"),
  "desc-null": text("description", null),
  "desc-back": text("description", "plain"),
  "name-back": text("name", "Webhook flag"),
  "comment-513": (replay) =>
    expect(replay.person.toggle(named, true, "c".repeat(513))).rejects.toThrow(/answered 500/),
  archived: put("archive"),
  restored: put("restore"),
  deleted: async (replay) => {
    await replay.given("PUT", `${FLAG}/archive`);
    return replay.given("DELETE", FLAG);
  },
  cloned: async (replay, { key, name, description, tags, ...object }) => {
    await createFlagAs(replay, { ...object, key: "wh-source", name: "source", tags: [] });
    const { fallthrough } = object;
    if (fallthrough) await replay.person.retarget({ env: "shop/prod", key: "wh-source" }, { fallthrough });
    return replay.given("POST", `${FLAGS}/clone/wh-source`, { name, key, description, tags });
  },
  "segment-created": (replay, object) => createSegmentAs(replay, object, "wh-seg"),
  "segment-users-rules": onSegment("PUT", "/targeting", targetingOf),
  "segment-renamed": onSegment("PUT", "/name", ({ name }) => ({ name })),
  "segment-referenced": async (replay, object) => {
    await referencedSegment(replay, object);
    return onSegment("PUT", "/targeting", targetingOf)(replay, object);
  },
  "segment-archived": onSegment("PUT", "/archive"),
  "segment-restored": onSegment("PUT", "/restore"),
  "segment-deleted": async (replay, object) => {
    await onSegment("PUT", "/archive")(replay, object);
    return onSegment("DELETE", "")(replay, object);
  },
  "trigger-run": async (replay, object) => {
    await createFlagAs(replay, object, true);
    const triggers = [{ env: "shop/prod", flag: object.key ?? "", action: "turn-off" as const }];
    const [trigger] = replay.sandbox.seed({ triggers }).triggers;
    return replay.given("POST", `/api/v1/triggers/run/${trigger?.token}`);
  },
};

/** The body apart from ids and time, character for character: escaping is part of what receivers meet. */
const shapeOf = (body: string): string =>
  body
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replace(/"happenedAt": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"/, '"happenedAt": "<time>"');

test("delivers as recorded: events, sentences, escaping, signature, and when nothing is sent", async () => {
  await using replay = await createReplay();
  const received: Delivered[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = typed<Record<string, string>>(request.headers);
      received.push({ headers, rawBody: Buffer.concat(chunks).toString() });
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const url = `http://127.0.0.1:${typed<AddressInfo>(receiver.address()).port}/hook`;
  const headers = [{ key: "X-Custom", value: "v1" }];
  const events = EVENTS;
  replay.sandbox.seed({ webhooks: [{ env: "shop/prod", url, secret: SECRET, events, headers }] });

  for (const entry of played) {
    const act = ACTS[entry.id];
    if (!act) throw new Error(`nothing plays ${entry.id}`);
    await act(replay, objectOf(entry));
    const expected = deliveriesOf(entry).at(-1);
    // What came before this change's delivery belongs to its preparation.
    for (let tries = 0; tries < 20; tries += 1) await sleep(expected && received.length > 0 ? 1 : 3);
    replay.note(entry, compareDelivery(replay, expected, received.splice(0).at(-1)));
  }
  receiver.close();
  const leftOut = entries.length - played.length;
  process.stdout.write(
    `webhook recordings: ${replay.compared} comparisons, ${leftOut} left out: ${LEFT_OUT}\n`,
  );
  expect(Object.fromEntries(replay.failures)).toEqual({});
  expect(entries.filter((entry) => isExchange(entry)).length).toBeLessThanOrEqual(leftOut);
});

function compareDelivery(
  replay: Replay,
  expected: Delivered | undefined,
  actual: Delivered | undefined,
): string[] {
  if (!expected || !actual) return expected === actual ? [] : [`recorded ${!!expected}, sent ${!!actual}`];
  const found = differences(parse(expected.rawBody), parse(actual.rawBody), replay.ids);
  if (shapeOf(expected.rawBody) !== shapeOf(actual.rawBody)) {
    found.push(`text: recorded ${shapeOf(expected.rawBody)}`, `text: got ${shapeOf(actual.rawBody)}`);
  }
  for (const name of ["x-featbit-event", "x-custom", "content-type"]) {
    if (expected.headers[name] !== actual.headers[name]) found.push(`${name}: got ${actual.headers[name]}`);
  }
  const signature = `sha256=${sign(SECRET, actual.rawBody)}`;
  if (actual.headers["x-featbit-signature-256"] !== signature) found.push("signature");
  return found;
}
