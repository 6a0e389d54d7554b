import type { Interaction } from "../../src/sandbox/slack/driver/interaction.ts";
import type { Entries } from "../../src/sandbox/slack/driver/view-state.ts";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import type { SlackMessage } from "../../src/sandbox/slack/records.ts";
import type { Mutation } from "../../src/sandbox/featbit/sandbox.ts";
import type { RaisedAlert } from "../../src/sandbox/services/alert-bodies.ts";
import type { SentDelivery } from "../../src/sandbox/services/alert-sender.ts";
import type { World } from "../../src/sandbox/world/create-world.ts";
import type { ScenarioName } from "../../src/sandbox/world/trouble.ts";
import { emailOf, type PersonName } from "../../src/sandbox/world/people.ts";
import type { Flag } from "../../src/sandbox/featbit/world.ts";
import { controlsEnvironment, wholly } from "../../src/sandbox/world/flags.ts";
import { until } from "./until.ts";

export type Play = ReturnType<typeof createPlay>;

/**
 * What people and systems around Signalman do in a world, each through the door they really come in by: webhooks,
 * Slack's buttons and forms, FeatBit's own screens. Everything that waits has an end and says what it saw.
 */
export function createPlay(world: World) {
  const channel = world.channels.incidents.id;
  const startedWith = world.featbit.mutations.length;

  const cards = (): SlackMessage[] => world.slack.messages(channel);

  /** All that is to be read on the cards and in their threads, for messages about what is missing. */
  const everything = (): string =>
    cards()
      .flatMap((card) => world.slack.thread(channel, card.ts))
      .map((message) => visibleText(message))
      .join("\n---\n") || "No card is posted.";

  /** Notices stand in the same channel. */
  const newest = (): SlackMessage | undefined =>
    cards().findLast(({ metadata }) => metadata?.["event_type"] === "signalman_card");

  const cardWith = (text: string | RegExp, timeoutMs = 15_000): Promise<SlackMessage> =>
    until(`a card that says ${text}`, () => cards().findLast((card) => says(visibleText(card), text)), {
      timeoutMs,
      seen: everything,
    });

  const threadText = (): string => {
    const card = newest();
    if (card === undefined) return "";
    return world.slack
      .thread(channel, card.ts)
      .filter(({ ts }) => ts !== card.ts)
      .map((message) => visibleText(message))
      .join("\n");
  };

  const press = async (
    person: PersonName,
    actionId: string,
    card: SlackMessage | undefined = newest(),
  ): Promise<Interaction> => {
    if (card === undefined) throw new Error(`there is no card on which ${person} could press ${actionId}`);
    return world.slack.as(world.people[person].id).click(card.channel, card.ts, actionId);
  };

  /** Presses a button, fills in the form that it opens, and gives the private answer. */
  const fillIn = async (person: PersonName, actionId: string, entries: Entries): Promise<string> => {
    const pressed = await press(person, actionId);
    const view = await pressed.view(({ submit }) => submit !== undefined, 10_000);
    const sent = await world.slack.as(world.people[person].id).submit(view.id, entries);
    if (Object.keys(sent.fieldErrors).length > 0) throw new Error(JSON.stringify(sent.fieldErrors));
    return visibleText(await sent.ephemeral(undefined, 10_000));
  };

  return {
    world,
    cards,
    newest,
    everything,
    cardWith,
    threadText,
    press,
    fillIn,

    async fire(doorUrl: string, scenario: ScenarioName, alert: RaisedAlert = world.trouble.alert(scenario)) {
      const sender = world.alertSender(doorUrl);
      const delivery: SentDelivery = await sender.fire(alert);
      if (delivery.httpStatus !== 202) {
        throw new Error(`the door answered ${delivery.httpStatus}: ${delivery.answer}`);
      }
      return { sender, delivery };
    },

    threadWith: (text: string | RegExp, timeoutMs = 15_000): Promise<boolean> =>
      until(`a line in the thread that says ${text}`, () => says(threadText(), text), {
        timeoutMs,
        seen: everything,
      }),

    /** Waits until the newest card has this button. */
    cardOffering: (actionId: string, timeoutMs = 15_000): Promise<SlackMessage> =>
      until(
        `a card with the button ${actionId}`,
        () => cards().findLast((card) => actionIdsOf(card).includes(actionId)),
        { timeoutMs, seen: everything },
      ),

    /** Ends the open incident of this alert, so that its next firing is an incident of its own. */
    async resolve(doorUrl: string, alert: RaisedAlert): Promise<void> {
      const sender = world.alertSender(doorUrl);
      const { httpStatus, answer } = await sender.resolve(alert);
      if (httpStatus !== 202) throw new Error(`the door answered ${httpStatus}: ${answer}`);
    },

    /** What `/ops …` answers somebody. */
    async ops(person: PersonName, text: string): Promise<string> {
      const typed = await world.slack.as(world.people[person].id).command("/ops", text, channel);
      return visibleText(await typed.ephemeral(undefined, 10_000));
    },

    /** What `/ops status` answers. */
    async status(): Promise<string> {
      const typed = await world.slack.as(world.people.ruth.id).command("/ops", "status", channel);
      return visibleText(await typed.ephemeral());
    },

    /** Sets one of Signalman's controls on FeatBit's screens and waits until `/ops status` knows of it. */
    async setControl(key: string, value: string): Promise<void> {
      const flag = { env: controlsEnvironment, key };
      const owner = world.featbit.as(emailOf("ruth"));
      const held = world.featbit.world.flags.find((each) => each.key === key);
      if (held === undefined) throw new Error(`there is no control ${key}`);
      let variation = held.variations.find((each) => each.value === value);
      if (variation === undefined) {
        variation = { id: crypto.randomUUID(), name: value, value };
        await owner.setVariations(flag, [...held.variations, variation]);
      }
      await owner.retarget(flag, { fallthrough: wholly(variation.id) });
      await until(
        `Signalman to read ${key} = ${value}`,
        async () => (await this.status()).includes(`\`${key}\` = \`${value}\``),
        { everyMs: 100 },
      );
    },

    approve: (person: PersonName, rationale = "The errors began with it.") =>
      fillIn(person, "approve", { rationale }),

    /** What Signalman tells somebody privately after they press a button that opens nothing for them. */
    async toldAfter(person: PersonName, actionId: string): Promise<string> {
      const pressed = await press(person, actionId);
      return visibleText(await pressed.ephemeral(undefined, 10_000));
    },

    /** Effective changes of one flag since the play began, as FeatBit itself wrote them down. */
    mutationsOf: (key: string): Mutation[] =>
      world.featbit.mutations.slice(startedWith).filter((mutation) => mutation.key === key),

    /** A copy of the flag as FeatBit holds it, without what changes with every write. */
    flag(key: string): Partial<Flag> {
      const found = world.featbit.world.flags.find((flag) => flag.key === key);
      if (found === undefined) throw new Error(`there is no flag ${key}`);
      const { revision: _revision, updatedAt: _updatedAt, updatorId: _updatorId, ...rest } = found;
      return structuredClone(rest);
    },
  };
}

function says(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}
