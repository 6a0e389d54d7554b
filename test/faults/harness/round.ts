import type { RaisedAlert } from "../../../src/sandbox/services/alert-bodies.ts";
import type { Entries } from "../../../src/sandbox/slack/driver/view-state.ts";
import { actionIdsOf, visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/records.ts";
import { type PersonName, personNames } from "../../../src/sandbox/world/people.ts";
import { until } from "../../support/until.ts";
import type { Lane } from "./lane.ts";

/** Where a trial may put its fault into a round; each is called once, before what it is named for. */
export interface RoundFaults {
  beforeAlert?(): void | Promise<void>;
  beforeApproval?(people: People): void | Promise<void>;
  beforeRollBack?(people: People): void | Promise<void>;
  beforeReverseApproval?(people: People): void | Promise<void>;
}

export interface RoundOptions extends RoundFaults {
  /** Waits for the verdict on the card before the change is rolled back, and before the end. */
  verdict?: boolean;
  /** Everybody presses Approve at once, who may and who may not. */
  crowd?: boolean;
  timeoutMs?: number;
}

export type People = ReturnType<typeof peopleOf>;

let rounds = 0;

/**
 * Alert, card, approval by a permitted person, applied, rolled back in the same way, resolved: by people who try again
 * when something did not work, as people do. The flag is as it was at the end.
 */
export async function playRound(lane: Lane, options: RoundOptions = {}): Promise<void> {
  const alert = nextAlert(lane);
  const people = peopleOf(lane, alert, options.timeoutMs ?? 60_000);
  const { verdict = false, crowd = false } = options;
  await options.beforeAlert?.();
  await lane.sender.send(alert);
  await people.cardOffering("approve");
  await options.beforeApproval?.(people);
  await people.approvedBy(...(crowd ? personNames : (["ruth"] as const)));
  if (verdict) await people.cardSaying("*Verdict: ");
  await options.beforeRollBack?.(people);
  await people.rolledBackBy("maya");
  await options.beforeReverseApproval?.(people);
  await people.approvedBy("pavel");
  if (verdict) await people.cardSaying(/\*Undoing[^]*\*Verdict: /);
  await lane.sender.send(alert, "resolved");
  await people.cardSaying(/^Critical, resolved/);
}

/** An alert of its own kind: each is an incident of its own, and its name stands on the card. */
export function nextAlert(lane: Lane): RaisedAlert {
  rounds += 1;
  const alert = lane.world.trouble.alert("checkout");
  const description = `${alert.description} password=${lane.secret} round ${rounds}.`;
  return { ...alert, name: `CheckoutErrors${rounds}`, description };
}

/** Of a card and a stray one the one that was written last: nobody writes to the other any more. */
export function liveCard(cards: readonly SlackMessage[]): SlackMessage | undefined {
  return cards.toSorted((a, b) => writtenAt(a) - writtenAt(b)).at(-1);
}

function writtenAt({ editedTs, ts }: SlackMessage): number {
  return Number(editedTs ?? ts);
}

/** What people do about one alert's incident, each time with patience. */
export function peopleOf(lane: Lane, alert: RaisedAlert, timeoutMs: number) {
  const { play, world } = lane;
  const patience = { timeoutMs, everyMs: 60, seen: () => play.everything().slice(-3000) };
  const titled = new RegExp(`: ${alert.name}$`, "m");

  /** Cards of this incident, the oldest first: one, and perhaps a stray one that was posted twice. */
  const cards = (): SlackMessage[] =>
    play
      .cards()
      .filter((card) => card.metadata?.["event_type"] === "signalman_card" && titled.test(visibleText(card)));
  const card = (): SlackMessage | undefined => liveCard(cards());

  const cardSaying = (text: string | RegExp) =>
    until(
      `a card of ${alert.name} that says ${text}`,
      () =>
        cards().findLast((each) =>
          typeof text === "string" ? visibleText(each).includes(text) : text.test(visibleText(each)),
        ),
      patience,
    );

  const cardOffering = (actionId: string) =>
    until(
      `a card of ${alert.name} with the button ${actionId}`,
      () => cards().findLast((each) => actionIdsOf(each).includes(actionId)),
      patience,
    );

  /** Presses, fills in, sends. Answers whether Slack handed all of it over; what came of it is looked for elsewhere. */
  async function fillIn(person: PersonName, actionId: string, entries: Entries): Promise<boolean> {
    const on = cards().findLast((each) => actionIdsOf(each).includes(actionId));
    if (on === undefined) return false;
    const client = world.slack.as(world.people[person].id);
    try {
      const pressed = await client.click(on.channel, on.ts, actionId);
      const view = await pressed.view(({ submit }) => submit !== undefined, 1_500);
      const sent = await client.submit(view.id, entries);
      return sent.error === undefined;
    } catch {
      return false;
    }
  }

  /** What the person is told privately after pressing a button that opens nothing for them. */
  async function toldAfter(person: PersonName, actionId: string): Promise<string> {
    const on = await cardOffering(actionId);
    const pressed = await world.slack.as(world.people[person].id).click(on.channel, on.ts, actionId);
    return visibleText(await pressed.ephemeral(undefined, timeoutMs));
  }

  /** Presses, fills in, sends once, and gives what the person is told privately. `opened`: the form is open. */
  async function told(
    person: PersonName,
    actionId: string,
    entries: Entries,
    opened: () => void = () => undefined,
  ): Promise<string> {
    const on = await cardOffering(actionId);
    const client = world.slack.as(world.people[person].id);
    const pressed = await client.click(on.channel, on.ts, actionId);
    const view = await pressed.view(({ submit }) => submit !== undefined, timeoutMs);
    opened();
    const sent = await client.submit(view.id, entries);
    return visibleText(await sent.ephemeral(undefined, timeoutMs));
  }

  /** Tries an act until `done`; between two tries its effect has a moment to be seen. */
  async function insist(what: string, done: () => boolean, act: () => Promise<boolean>): Promise<void> {
    let triedAt = Number.NEGATIVE_INFINITY;
    await until(
      what,
      async () => {
        if (done()) return true;
        if (performance.now() - triedAt < 700) return false;
        triedAt = (await act()) ? performance.now() : triedAt;
        return done();
      },
      patience,
    );
  }

  /** How the newest change of the card stands; its id changes when a reverse is drafted. */
  const shown = () => {
    const last = card();
    const text = last === undefined ? "" : visibleText(last);
    const offers = last === undefined ? [] : actionIdsOf(last);
    return { text, offers, changeId: /CHG-[A-Z0-9]+(?= · version)/.exec(text)?.[0] ?? "" };
  };

  return {
    cards,
    card,
    cardSaying,
    cardOffering,
    fillIn,
    toldAfter,
    told,
    insist,
    shown,
    /** They approve the change on the card until it was applied and the card says so; perhaps it is by now. */
    async approvedBy(...persons: PersonName[]): Promise<void> {
      const isApplied = () => /\*(Applied|Verdict)/.test(shown().text);
      await until(
        `a change of ${alert.name} to approve`,
        () => shown().offers.includes("approve") || isApplied(),
        patience,
      );
      const { changeId } = shown();
      await insist(
        `${changeId} to be applied`,
        () => shown().changeId === changeId && isApplied(),
        async () => {
          const rationale = "The errors began with it.";
          const pressed = await Promise.all(persons.map((each) => fillIn(each, "approve", { rationale })));
          return pressed.includes(true);
        },
      );
    },
    /** Rolls back until the card shows the reverse waiting for its approval. */
    async rolledBackBy(person: PersonName): Promise<void> {
      const before = shown().changeId;
      const drafted = () => shown().changeId !== before && shown().offers.includes("approve");
      await insist(`the reverse of ${before}`, drafted, () =>
        fillIn(person, "roll_back", { reason: "The cause is fixed." }),
      );
    },
  };
}
