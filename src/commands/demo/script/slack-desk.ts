import { actionIdsOf, visibleText } from "../../../sandbox/slack/driver/visible-text.ts";
import type { SlackMessage } from "../../../sandbox/slack/records.ts";
import type { World } from "../../../sandbox/world/create-world.ts";
import type { PersonName } from "../../../sandbox/world/people.ts";
import { Unexpected } from "./steps.ts";
import { until } from "./until.ts";

export type FormEntries = Record<string, string | number | null>;

export interface SlackDesk {
  /** Waits for the card of an incident that was not there at `since`, and on it for these words and buttons. */
  newCard(
    since: number,
    title: string,
    words: readonly RegExp[],
    buttons: readonly string[],
  ): Promise<SlackMessage>;
  /** Waits until the card shows these words and buttons; answers its text. */
  cardShows(
    ts: string,
    withinMs: number,
    words: readonly RegExp[],
    buttons?: readonly string[],
  ): Promise<string>;
  /** Clicks a button of the card, fills in the form that opens, and sends it. */
  fill(who: PersonName, ts: string, button: string, form: string, entries: FormEntries): Promise<void>;
  /** Clicks a button that leads nowhere for this person; answers what only they are told. */
  refusal(who: PersonName, ts: string, button: string): Promise<string>;
}

const patienceMs = 15_000;

/** The people of the shop at their Slack clients, in the incidents channel. */
export function createSlackDesk({ slack, people, channels }: World): SlackDesk {
  const channel = channels.incidents.id;

  const cardAt = (ts: string): SlackMessage => {
    const message = slack.message(channel, ts);
    if (message === undefined) throw new Unexpected("the card is gone");
    return message;
  };

  return {
    newCard: (since, title, words, buttons) =>
      until(patienceMs, () => {
        const added = slack.messages(channel).slice(since);
        // A Slack that is new to an old ledger is sent the cards of ended incidents again, at any time.
        const card = added.find((message) => isOpenAbout(message, title));
        if (card === undefined)
          throw new Unexpected(`no card about ${title} among ${added.length} new messages`);
        shows(card, words, buttons);
        return card;
      }),

    cardShows: (ts, withinMs, words, buttons = []) =>
      until(withinMs, () => shows(cardAt(ts), words, buttons)),

    async fill(who, ts, button, form, entries) {
      const person = slack.as(people[who].id);
      const clicked = await person.click(channel, ts, button);
      if (clicked.error !== undefined) throw new Unexpected(`the click shows "${clicked.error}"`);
      const refused = clicked.ephemeral(undefined, patienceMs).then(
        (message) => Promise.reject(new Unexpected(`told privately: ${visibleText(message)}`)),
        () => new Promise<never>(() => undefined),
      );
      const view = await Promise.race([
        clicked.view(({ callbackId }) => callbackId === form, patienceMs),
        refused,
      ]);
      const sent = await person.submit(view.id, entries);
      const complaints = Object.entries(sent.fieldErrors).map(([block, words]) => `${block}: ${words}`);
      if (sent.error !== undefined) complaints.push(sent.error);
      if (complaints.length > 0) throw new Unexpected(`the form says ${complaints.join("; ")}`);
    },

    async refusal(who, ts, button) {
      const person = slack.as(people[who].id);
      const clicked = await person.click(channel, ts, button);
      const told = await clicked.ephemeral(undefined, patienceMs);
      const view = person.topView();
      if (view !== undefined) throw new Unexpected(`a form opened all the same: ${visibleText(view)}`);
      return visibleText(told);
    },
  };
}

function isOpenAbout(message: SlackMessage, title: string): boolean {
  const headline = visibleText(message).split("\n")[0] ?? "";
  return headline.includes(title) && !/, (?:closed|resolved)\b/.test(headline);
}

/** The text of a message that holds all these words and buttons. */
function shows(message: SlackMessage, words: readonly RegExp[], buttons: readonly string[]): string {
  const text = visibleText(message);
  const offered = actionIdsOf(message);
  const missing = [
    ...words.filter((word) => !word.test(text)).map((word) => `no ${String(word)}`),
    ...buttons.filter((button) => !offered.includes(button)).map((button) => `no button "${button}"`),
  ];
  if (missing.length > 0) throw new Unexpected(`a card with ${missing.join(", ")}`, `the card:\n${text}`);
  return text;
}
