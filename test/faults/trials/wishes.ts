import { flagOf } from "../../../src/sandbox/world/trouble.ts";
import { supportVariations } from "../../../src/sandbox/world/flags.ts";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { until } from "../../support/until.ts";
import { patiently } from "../harness/patiently.ts";
import { propose } from "../harness/propose.ts";
import { nextAlert, peopleOf } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const lane: LaneKind = { name: "wishes" };

/** What a change promises beside being approved: that it can be undone, and that its effect is told as it was measured. */
export const trials: readonly Trial[] = [
  {
    name: "a rollout is undone to what it was",
    kind: "promise",
    lane,
    async run(lane) {
      const { play } = lane;
      const key = flagOf.support;
      const original = JSON.stringify(play.flag(key));
      const [baseline] = supportVariations;
      const wish = { operation: `serve:${baseline.id}`, reason: "The old profile for everybody." };
      const { changeId } = await patiently(() => propose(lane, "maya", key, wish));
      await patiently(() => play.approve("ruth"));
      await play.cardWith(new RegExp(`${changeId}[^]*\\*Applied\\*`));
      const answer = await patiently(() => play.ops("maya", `revert ${changeId} It was not the profile.`));
      const reverseId = /^CHG-\w{10}/.exec(answer)?.[0] ?? "";
      await play.cardWith(new RegExp(`${reverseId}[^]*\nApprove\n`));
      await patiently(() => play.approve("pavel"));
      await play.cardWith(new RegExp(`${reverseId}[^]*\\*Applied\\*`));
      const undone = JSON.stringify(play.flag(key));
      if (undone !== original) throw new Error(`I8: undone, ${original} became ${undone}`);
      return 0;
    },
  },
  {
    name: "telemetry goes silent before the verdict",
    kind: "promise",
    lane,
    async run(lane) {
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, 30_000);
      await lane.sender.send(alert);
      await people.cardOffering("approve");
      const { faults } = lane.world.prometheus;
      const body = JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } });
      faults.arm(
        { kind: "status", status: 200, body, headers: { "content-type": "application/json" } },
        { times: Infinity },
      );
      try {
        await people.approvedBy("ruth");
        const verdict = await until(
          "a verdict",
          () => /\*Verdict: ([^*]*)\.?\*/.exec(visibleText(people.card() ?? fail()))?.[1],
          { seen: lane.play.everything },
        );
        if (!verdict.startsWith("no data")) throw new Error(`the verdict on no data at all is "${verdict}"`);
      } finally {
        faults.clear();
      }
      await people.rolledBackBy("maya");
      await people.approvedBy("pavel");
      return 1;
    },
  },
];

function fail(): never {
  throw new Error("the card is gone");
}
