import { goodAnswer } from "../../../src/sandbox/openai/model-answers.ts";
import { crashPoints } from "../harness/crash-points.ts";
import type { Lane } from "../harness/lane.ts";
import { playRound } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const suspecting = {
  cause: "flag",
  suspects: [
    {
      flagKey: "checkout_one_click",
      confidence: "high",
      why: "It was turned on as the errors began.",
      citations: ["E1", "E2"],
    },
  ],
  abstention: null,
  confidence: "high",
};

const lane: LaneKind = {
  name: "crash points with a model",
  patches: crashPoints,
  world: { withModel: true },
};

/** Drafted anew after the kill: for one question more at the most, and still to one change. */
function redrafted(name: string, mostQuestions: number): Trial {
  return {
    name,
    kind: "crash point",
    lane,
    async run(on) {
      on.world.model?.behave(goodAnswer(suspecting));
      const before = questions(on);
      const armed = on.arm(name);
      await playRound(on);
      await armed.strike();
      const asked = questions(on) - before;
      if (asked < 1 || asked > mostQuestions)
        throw new Error(`the model was asked ${asked} times; expected 1 to ${mostQuestions}`);
      return 1;
    },
  };
}

function questions({ world }: Lane): number {
  return world.model?.requests.length ?? 0;
}

export const trials: Trial[] = [redrafted("P5", 1), redrafted("P6", 2)];
