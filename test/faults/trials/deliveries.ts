import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { until } from "../../support/until.ts";
import { crashPoints } from "../harness/crash-points.ts";
import type { Lane } from "../harness/lane.ts";
import { pausedAt, replicas } from "../harness/pause.ts";
import { nextAlert, peopleOf } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const kind = "delivery";
const lane: LaneKind = { name: "deliveries", patches: crashPoints };
/** An older change of the same flag may be open: not every incident gets one of its own. */
const anything = /\n/;
const takenInWithinMs = 10_000;

/** Deliveries of alerts that are cut off, come more than once or in another order, or mean ill. */
export const trials: readonly Trial[] = [
  {
    name: "killed before a delivery is kept",
    kind,
    lane,
    async run(lane) {
      const lives = livesOf(lane);
      const armed = lane.arm("P2");
      const sent = await lane.sender.attempt(nextAlert(lane));
      await armed.strike();
      await startedAgain(lane, lives);
      if (sent.acknowledged && !(await isKept(lane, sent.id)))
        throw new Error("I1: a delivery was acknowledged that the database does not hold");
      return 1;
    },
  },
  {
    name: "killed before anybody is rung",
    kind,
    lane,
    async run(lane) {
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, 30_000);
      const lives = livesOf(lane);
      const armed = lane.arm("P4");
      await lane.sender.send(alert);
      await armed.strike();
      await startedAgain(lane, lives);
      const ended = performance.now() + takenInWithinMs;
      await until("the delivery to be taken in", async () => {
        if (await isTakenIn(lane)) return true;
        if (performance.now() < ended) return false;
        throw new Error(
          "I1: nobody takes in a delivery that was acknowledged just before the process was killed",
        );
      });
      await people.cardSaying(anything);
      return 1;
    },
  },
  {
    name: "the same delivery three times at once, and once more",
    kind,
    lane,
    async run(lane) {
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, 30_000);
      const sent = await lane.sender.repeat(alert, 3);
      await people.cardSaying(anything);
      await sent.again();
      const thread = () => people.cards().flatMap(({ channel, ts }) => lane.world.slack.thread(channel, ts));
      await until("the evidence below the card", () => people.cards().length > 1 || thread().length > 1);
      const rows = await rowsOf(lane, sent.entry.id);
      if (rows !== 1) throw new Error(`I2: one delivery that came 4 times has ${rows} rows`);
      if (people.cards().length !== 1) throw new Error(`I2: one alert has ${people.cards().length} cards`);
      return 3;
    },
  },
  {
    name: "resolved comes before firing",
    kind,
    lane,
    async run(lane) {
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, 30_000);
      await lane.sender.send(alert, "resolved");
      await lane.sender.send(alert);
      await people.cardSaying(anything);
      await lane.sender.send(alert, "resolved");
      await people.cardSaying(/^Critical, resolved/);
      if (people.cards().length !== 1) throw new Error(`I2: one alert has ${people.cards().length} cards`);
      return 1;
    },
  },
  {
    name: "a second process on one data folder",
    kind,
    lane: replicas,
    async run(lane) {
      const door = /"door":"([^"]+)"/.exec(lane.processes[1]?.log() ?? "")?.[1];
      const sent = await lane.sender.send(nextAlert(lane), "resolved", door);
      if ((await rowsOf(lane, sent.id)) === 0)
        throw new Error("I1: what the second of two processes acknowledged is not in their database");
      return 1;
    },
  },
  {
    name: "click comes before the card is recorded",
    kind,
    lane: replicas,
    async run(lane) {
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, 60_000);
      await pausedAt(
        lane,
        "P8",
        () => lane.sender.send(alert),
        async () => {
          await people.cardOffering("approve");
          // Once for each of the two that Slack may hand it to.
          for (let click = 0; click < 2; click += 1)
            await people.fillIn("ruth", "approve", { rationale: "Early." });
        },
      );
      await people.approvedBy("ruth");
      await people.rolledBackBy("maya");
      await people.approvedBy("pavel");
      await lane.sender.send(alert, "resolved");
      return 1;
    },
  },
  {
    name: "hostile words in an alert",
    kind,
    lane,
    async run(lane) {
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, 30_000);
      const text = `${mark} <!channel> <@U0RUTH> <https://evil.example/?q=1|the runbook> *approved*`;
      await lane.sender.send({ ...alert, summary: text, labels: { ...alert.labels, team: text } });
      await people.cardSaying(anything);
      const shown = lane.world.slack.messageLog.map(({ message }) => JSON.stringify(message));
      const live = shown.filter(
        (each) => /<!channel>|<@U0RUTH>(?=[^"]*evil)|<https:\/\/evil/.test(each) && each.includes(mark),
      );
      if (live[0] !== undefined)
        throw new Error(
          `T5: words of an alert are live in Slack: ${live[0].slice(live[0].indexOf(mark)).slice(0, 200)}`,
        );
      if (!people.cards().some((card) => visibleText(card).includes(mark)))
        throw new Error("the hostile words are nowhere to be read, so this shows nothing");
      return 1;
    },
  },
];

const mark = "HOSTILE";

/** After the one process was killed. */
async function startedAgain(lane: Lane, lives: number): Promise<void> {
  await until("the process to be started again", () => livesOf(lane) > lives);
  await lane.ready();
}

function livesOf(lane: Lane): number {
  return lane.processes[0]?.lives() ?? 0;
}

async function isTakenIn(lane: Lane): Promise<boolean> {
  return lane.withPool(async (pool) => {
    const { rows } = await pool.query("select from signalman.inbox where outcome is null");
    return rows.length === 0;
  });
}

async function rowsOf(lane: Lane, delivery: string): Promise<number> {
  return lane.withPool(async (pool) => {
    const { rows } = await pool.query(
      "select from signalman.inbox where position($1 in convert_from(body, 'UTF8')) > 0",
      [delivery],
    );
    return rows.length;
  });
}

async function isKept(lane: Lane, delivery: string): Promise<boolean> {
  return (await rowsOf(lane, delivery)) > 0;
}
