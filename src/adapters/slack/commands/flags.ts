import type { KnownBlock } from "@slack/types";
import type { Desk } from "../../../pipeline/ports/person-actions.ts";
import { actions, plainObject } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import type { Front } from "../front.ts";
import { onClick } from "../listeners/on-click.ts";
import { countWords, utc } from "../words.ts";
import { flagPage } from "./flag.ts";
import { flagChangesPage } from "./flag-changes.ts";
import { answer, forMembers, onCommand, pageOf, sections, type Page } from "./on-command.ts";

const chooseAction = "flags_environment";
type Environment = ReturnType<Desk["environments"]>[number];

/** `/flags`: the flags of one catalogued environment, with a menu for the others. `/flags <key>`: one flag. */
export function listenToFlags(front: Front): void {
  onCommand(front, "/flags", ({ text, userId }) =>
    forMembers(front, userId, () => {
      if (text === "") return flagsPage(front.desk, 0);
      const key = /^(\S+)\s+changes$/i.exec(text)?.[1];
      return key === undefined ? flagPage(front.desk, text) : flagChangesPage(front, key);
    }),
  );
  onClick(front, chooseAction, (click) => {
    const index = Number(/^[0-9]{1,3}$/.exec(click.chosen ?? "")?.[0] ?? 0);
    const read = () => flagsPage(front.desk, index);
    return answer(front, "/flags", click.respond, () => forMembers(front, click.userId, read), true);
  });
}

async function flagsPage(desk: Desk, index: number): Promise<Page> {
  const known = distinct(desk.environments());
  const chosen = known[index] ?? known[0];
  if (chosen === undefined) {
    return pageOf(["No environment is in the catalogue yet: add a service to signalman.yml."]);
  }
  const { project, environment } = chosen;
  const { flags } = await desk.flags({ project, environment });
  const head = `*Flags of ${mrkdwn(project, 60)} / ${mrkdwn(environment, 60)}*: ${countWords(flags.length, "flag")}. \`/flags <key>\` shows one.`;
  const lines = flags
    .toSorted((a, b) => (a.lastChangeAt < b.lastChangeAt ? 1 : -1))
    .map((flag) => {
      const state = flag.isEnabled ? "on" : "off";
      return `• ${code(flag.key, 80)} *${state}*, ${mrkdwn(flag.serves, 140)} Changed ${utcOrUnknown(flag.lastChangeAt)}.`;
    });
  return {
    text: `Flags of ${mrkdwn(project, 60)} / ${mrkdwn(environment, 60)}: ${flags.length}`,
    blocks: [...sections([head.replace("<key>", "&lt;key&gt;"), ...lines]), ...menu(known, chosen)],
  };
}

/** Several services may share an environment. */
function distinct(environments: Environment[]): Environment[] {
  const seen = new Map(environments.map((each) => [`${each.project}/${each.environment}`, each]));
  return [...seen.values()].slice(0, 100);
}

function menu(known: Environment[], chosen: Environment): KnownBlock[] {
  if (known.length < 2) return [];
  const options = known.map(({ project, environment }, index) => ({
    text: plainObject(`${project} / ${environment}`, 75),
    value: String(index),
  }));
  const initial = options[known.indexOf(chosen)];
  return [
    actions([
      {
        type: "static_select",
        action_id: chooseAction,
        placeholder: plainObject("Environment", 150),
        options,
        ...(initial === undefined ? {} : { initial_option: initial }),
      },
    ]),
  ];
}

function utcOrUnknown(at: string): string {
  return Number.isNaN(Date.parse(at)) ? "at an unknown time" : utc(at);
}
