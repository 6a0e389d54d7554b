import type { Queryable } from "../../../src/adapters/postgres/database.ts";
import type { JsonObject } from "../../../src/sandbox/slack/json.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import { groups } from "../../../src/sandbox/world/people.ts";
import { flagOf } from "../../../src/sandbox/world/trouble.ts";
import type { Random } from "../../support/random.ts";
import { until } from "../../support/until.ts";
import type { Lane } from "../harness/lane.ts";
import { patiently } from "../harness/patiently.ts";
import { propose } from "../harness/propose.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const flagKey = flagOf.checkout;
/** Six requests a trial: no more than thirty an hour are taken of one person. */
const lane: LaneKind = { name: "racing replicas", roles: ["all", "all"], mostTrials: 4 };
const rounds = 6;
const clicks = 50;

/** Two processes on one database; on the embedded one the second has joined the first one's server. */
export const trials: readonly Trial[] = [
  {
    name: "fifty votes at once on two replicas",
    kind: "race",
    lane,
    // In three stores 54 and 504 rounds.
    times: { quick: 1, full: 28 },
    async run(lane, draw) {
      const racers = await assemble(lane);
      await lane.withPool(async (pool) => {
        for (let round = 0; round < rounds; round += 1) await race(lane, pool, racers, draw);
      });
      return rounds;
    },
  },
];

/** Fifty people; some of them may not decide at all. */
async function assemble({ world }: Lane): Promise<string[]> {
  const { workspace } = world.slack;
  const racers = Array.from({ length: clicks }, (_, index) => `U0RACER${index}`);
  const known = workspace.users;
  for (const id of racers)
    if (!known.has(id)) workspace.addUser({ id, name: id.toLowerCase(), realName: id });
  const release = groups.find(({ id }) => id === "S0RELEASE");
  if (release === undefined) throw new Error("there are no release managers");
  const permitted = racers.filter((_, index) => index % 12 !== 0);
  await workspace.setUserGroup(release.id, [...release.users, ...permitted]);
  return racers;
}

async function race(lane: Lane, pool: Queryable, racers: readonly string[], draw: Random): Promise<void> {
  const wish = { operation: "toggle", reason: "A race." };
  const { changeId, card } = await patiently(() => propose(lane, "maya", flagKey, wish));
  const [approval, rejection] = [await formOf(lane, card, "approve"), await formOf(lane, card, "reject")];
  // Each time somebody else is first, and every third wants it rejected.
  const order = racers.map((id) => ({ id, key: draw.next() })).toSorted((a, b) => a.key - b.key);
  await Promise.all(
    order.map(({ id }, index) =>
      lane.world.slack.sendRaw(sentBy(id, index % 3 === 0 ? rejection : approval)),
    ),
  );
  const types = await until("the race to be decided", async () => {
    const { rows } = await pool.query<{ type: string }>(
      "select type from signalman.events where stream = $1 order by version",
      [`change/${changeId}`],
    );
    const found = rows.map(({ type }) => type);
    return found.some((type) => ends.includes(type)) ? found : null;
  });
  const count = (...wanted: string[]) => types.filter((type) => wanted.includes(type)).length;
  const decisions = count("change_approved", "change_rejected");
  const votes = count("vote_cast");
  if (decisions !== 1 || votes !== 1)
    throw new Error(
      `T12: of ${clicks} votes at once ${votes} counted and made ${decisions} decisions on ${changeId}`,
    );
  const writes = lane.play.mutationsOf(flagKey).filter(({ comment }) => comment.includes(changeId)).length;
  if (writes !== count("change_approved")) throw new Error(`I3: ${changeId} was written ${writes} times`);
}

const ends = ["change_applied", "change_rejected", "execution_failed", "change_superseded", "human_needed"];

/** The form that a button opens for Ruth Lindqvist, filled in and not sent. */
async function formOf({ world }: Lane, card: SlackMessage, actionId: string): Promise<JsonObject> {
  const ruth = world.slack.as(world.people.ruth.id);
  const view = await patiently(async () => {
    const pressed = await ruth.click(card.channel, card.ts, actionId);
    return pressed.view(({ submit }) => submit !== undefined, 10_000);
  });
  return ruth.submitPayload(view.id, { rationale: "First!" });
}

function sentBy(id: string, form: JsonObject): JsonObject {
  return { ...form, user: { ...Object(form["user"]), id, username: id, name: id } };
}
