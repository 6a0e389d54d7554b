import { proposeFlagModal } from "../modals/propose-modals.ts";
import { pageOf } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

export const opsPropose: OpsWord = {
  word: "propose",
  summary: "ask for a change of a flag; a key may follow",
  async read(front, { args, channel, triggerId }) {
    const environments = front.desk.environments();
    if (environments.length === 0) {
      return pageOf(["No environment is in the catalogue yet: add a service to signalman.yml."]);
    }
    const view = proposeFlagModal(environments, channel, args.slice(0, 200));
    await front.client.views.open({ trigger_id: triggerId, view });
    return null;
  },
};
