import type { RecordedEntry, RecordedFile } from "../../support/recorded-featbit.ts";
import { isExchange, loadRecorded } from "../../support/recorded-featbit.ts";
import { PROD } from "./replay.ts";
import type { Replay } from "./replay.ts";
import type { Givens } from "./scenario.ts";
import { typed } from "../../support/typed.ts";

// What was done between the recorded requests and left no entry of its own: read from the entries around it.

type Json = Record<string, unknown>;
type Variation = { id: string; name: string; value: string };
type FlagJson = Json & { id: string; key: string; revision: string; variations: Variation[]; tags: string[] };

const FLAGS = `/api/v1/envs/${PROD}/feature-flags`;
const SEGMENTS = `/api/v1/envs/${PROD}/segments`;
const SCOPES = ["organization/playground:project/shop:env/prod"];

const recorded = (file: RecordedFile, id: string): RecordedEntry => {
  const entry = loadRecorded(file).find((candidate) => candidate.id === id);
  if (!entry) throw new Error(`${file} has no entry ${id}`);
  return entry;
};
const dataOf = (entry: RecordedEntry): Json => {
  if (!isExchange(entry)) throw new Error(`${entry.id} is not an exchange`);
  return typed<{ data: Json }>(entry.response.body).data;
};
const bodyOf = (entry: RecordedEntry): Json => (isExchange(entry) ? typed<Json>(entry.request.body) : {});
const itemsOf = (entry: RecordedEntry): FlagJson[] => typed<FlagJson[]>(dataOf(entry)["items"]);

/** Creates what a recorded flag was created as, and binds its ids. */
async function create(replay: Replay, flag: Partial<FlagJson> & { key: string; variations: Variation[] }) {
  const [on, off] = flag.variations;
  const made = typed<FlagJson>(
    await replay.given("POST", FLAGS, {
      name: flag["name"] ?? flag.key,
      key: flag.key,
      isEnabled: flag["isEnabled"] ?? false,
      description: flag["description"] ?? "",
      variationType: "boolean",
      variations: flag.variations,
      enabledVariationId: on?.id,
      disabledVariationId: off?.id,
      tags: flag.tags ?? [],
    }),
  );
  if (flag.id) replay.ids.bind(flag.id, made.id);
  if (flag.revision) replay.ids.bind(flag.revision, made.revision);
  return made;
}

async function retarget(replay: Replay, current: Json, comment: string) {
  const { targetUsers, rules, fallthrough, exptIncludeAllTargets } = current;
  const key = typed<string>(current["key"]);
  const { revision } = typed<FlagJson>(await replay.given("GET", `${FLAGS}/${key}`));
  const targeting = { targetUsers, rules, fallthrough, exptIncludeAllTargets };
  return replay.given("PUT", `${FLAGS}/${key}/targeting`, { revision, targeting, comment });
}

const segment = (name: string, key: string) => ({
  type: "environment-specific",
  name,
  key,
  description: "",
  scopes: SCOPES,
});

async function iamFlags(replay: Replay) {
  const listed = itemsOf(recorded("rest-tokens-iam", "bot-list"));
  const [clone, untagged] = listed;
  if (!clone || !untagged) throw new Error("bot-list has two items");
  await create(replay, {
    key: "iam-tagged",
    name: "IAM tagged",
    variations: clone.variations,
    tags: ["bot"],
  });
  const revision = typed<string>(bodyOf(recorded("rest-tokens-iam", "ro-targeting"))["revision"]);
  await create(replay, { ...untagged, revision, description: "" });
}

async function auditStep(replay: Replay, entry: RecordedEntry) {
  const item = typed<{ comment: string }>(entry["item"]);
  const { current } = typed<{ current: FlagJson }>(entry["dataChangeParsed"]);
  const { comment } = item;
  const flag = `${FLAGS}/aud-flag`;
  const read = () => typed<Promise<FlagJson>>(replay.given("GET", flag));
  const put = (path: string, body: object, as?: string) =>
    replay.given("PUT", `${flag}/${path}`, { comment, ...body }, as);
  switch (entry.id) {
    case "audit-create":
      return create(replay, current);
    case "audit-toggle-on":
      return put("toggle/true", {});
    case "audit-toggle-off":
      return put("toggle/false", {});
    case "audit-name":
      return put("name", { name: current["name"] });
    case "audit-description":
      return put("description", { description: current["description"] });
    case "audit-tags":
      return put("tags", { tags: current.tags });
    case "audit-off-variation":
      return put("off-variation", {
        revision: (await read()).revision,
        offVariationId: current["disabledVariationId"],
      });
    case "audit-variations":
      return put("variations", { revision: (await read()).revision, variations: current.variations });
    case "audit-patch-enable":
      return replay.given("PATCH", flag, [{ op: "replace", path: "/isEnabled", value: true }]);
    case "audit-archive":
      return put("archive", {});
    case "audit-restore":
      return put("restore", {});
    case "audit-toggle-jwt":
      return replay.person.toggle({ env: "shop/prod", key: "aud-flag" }, false, comment);
    case "audit-delete":
      await put("archive", { comment: "bye" });
      return replay.given("DELETE", flag, { comment });
    default:
      return retarget(replay, current, comment);
  }
}

const auditSteps = Object.fromEntries(
  loadRecorded("rest-audit")
    .filter((entry) => entry["item"])
    .map(({ id }) => [`rest-audit/${id}`, auditStep]),
);

async function referencingFlag(replay: Replay) {
  const entry = recorded("rest-segments", "before");
  const { dataChange } = typed<{ dataChange: { previous: string; current: string } }>(
    entry["flagNewestAudit"],
  );
  await create(replay, typed<FlagJson>(JSON.parse(dataChange.previous)));
  await retarget(replay, typed<Json>(JSON.parse(dataChange.current)), "ref");
}

async function poisonCond(replay: Replay) {
  const audits = typed<
    {
      dataChange: { current: string };
    }[]
  >(dataOf(recorded("rest-audit", "poison2-audit"))["items"]);
  await create(replay, typed<FlagJson>(JSON.parse(audits.at(-1)?.dataChange.current ?? "")));
}

async function triggerFlag(replay: Replay) {
  const { dataChange } = typed<{ dataChange: { current: string } }>(
    recorded("triggers", "before")["newestAudit"],
  );
  await create(replay, typed<FlagJson>(JSON.parse(dataChange.current)));
  const triggers = [{ env: "shop/prod", flag: "trig-flag", action: "turn-off" as const }];
  replay.triggerToken = replay.sandbox.seed({ triggers }).triggers[0]?.token ?? "";
}

async function swappedRules(replay: Replay, entry: RecordedEntry) {
  const { targeting, revision } = typed<{ targeting: Json; revision: string }>(bodyOf(entry));
  const rules = typed<Json[]>(targeting["rules"]);
  const variations = typed<{ variations: { id: string }[] }>(targeting["fallthrough"]).variations;
  const named = variations.map(({ id }, index) => ({ id, name: `V${index}`, value: String(index === 0) }));
  await create(replay, { key: "ro-nodiff-62bf", variations: named });
  const now = await retarget(replay, { ...targeting, key: "ro-nodiff-62bf", rules: rules.toReversed() }, "");
  replay.ids.bind(revision, typed<string>(now));
}

const trigger = (replay: Replay) => {
  const [only] = replay.sandbox.world.triggers;
  if (!only) throw new Error("there is no trigger");
  return only;
};

export const GIVENS: Givens = {
  "rest-tokens-iam/ro-toggle": iamFlags,
  "rest-tokens-iam/prodonly-dev": (replay) =>
    replay.given("PUT", `${FLAGS}/iam-tagged/tags`, { tags: ["bot"] }),
  "rest-tokens-iam/dead-toggle": (replay) => {
    for (const token of replay.sandbox.world.tokens) if (token.name === "rec-dead") token.status = "Inactive";
  },
  "rest-tokens-iam/ro-nodiff-order": swappedRules,
  "rest-flags/tgt-rule-segment": async (replay) => {
    const vip = itemsOf(recorded("rest-segments", "list")).find((item) => item["name"] === "VIP");
    const made = typed<{ id: string }>(await replay.given("POST", SEGMENTS, segment("VIP", "vip")));
    replay.ids.bind(vip?.id ?? "", made.id);
  },
  "rest-flags/create-race": (replay) => {
    const [second, first] = itemsOf(recorded("rest-flags", "race-list"));
    for (const flag of [first, second]) {
      replay.sandbox.seed({
        flags: [{ env: "shop/prod", key: "race-key", variations: flag?.variations ?? [], by: "rec-full" }],
      });
    }
  },
  "rest-flags/delete-archived": (replay) => replay.given("PUT", `${FLAGS}/new-checkout-clone/archive`),
  "rest-flags/float-0.3333333333333333": (replay, entry) => {
    const { revision, targeting } = typed<{ revision: string; targeting: Json }>(bodyOf(entry));
    const { variations } = typed<{ variations: { id: string }[] }>(targeting["fallthrough"]);
    const named = variations.map(({ id }, index) => ({ id, name: `V${index}`, value: String(index === 0) }));
    return create(replay, { key: "float-8d66", revision, variations: named });
  },
  "rest-errors/jwt-list": (replay) =>
    replay.person.toggle({ env: "shop/prod", key: "new-checkout" }, false, "by the human 2"),
  ...auditSteps,
  "rest-audit/poison-set-null": (replay) => {
    const [flag] = itemsOf(recorded("rest-audit", "poison-list"));
    return flag && create(replay, { ...flag, description: "text", revision: "" });
  },
  "rest-audit/poison2-set": poisonCond,
  // Every larger page had failed for good; the two rows were taken out of the recorded server's database here.
  "rest-audit/q-pagesize-500": (replay) => {
    const { world } = replay.sandbox;
    world.audits = world.audits.filter(
      ({ instructions }) =>
        !instructions.some(({ kind, value }) => kind === "UpdateDescription" && value === null),
    );
  },
  "rest-segments/flag-references": referencingFlag,
  "rest-segments/archive": async (replay, entry) => {
    const made = typed<{ id: string }>(await replay.given("POST", SEGMENTS, segment("Tmp", "tmp")));
    replay.ids.bind(isExchange(entry) ? (entry.request.path.split("/").at(-2) ?? "") : "", made.id);
  },
  "rest-segments/delete": (replay, entry) =>
    replay.given("PUT", `${isExchange(entry) ? entry.request.path : ""}/archive`),
  "triggers/before": triggerFlag,
  "triggers/run-disabled": async (replay) => {
    trigger(replay).isEnabled = false;
    await replay.given("PUT", `${FLAGS}/trig-flag/toggle/true`);
  },
  "triggers/run-old": (replay) => {
    trigger(replay).token = "B".repeat(40);
  },
  "triggers/run-archived": async (replay) => {
    trigger(replay).isEnabled = true;
    replay.triggerToken = trigger(replay).token;
    await replay.given("PUT", `${FLAGS}/trig-flag/archive`);
  },
  "triggers/run-deleted": (replay) => {
    replay.sandbox.world.triggers.length = 0;
  },
};
