import { elementsOf } from "../blocks/validate-blocks.ts";
import type { createDeliveries } from "../delivery/deliveries.ts";
import { applyResponse } from "../delivery/respond.ts";
import { asText, isObject, type JsonObject } from "../json.ts";
import type { SlackMessage, SlackView } from "../records.ts";
import { ApiRefusal } from "../web-api/method.ts";
import { interaction, type Interaction } from "./interaction.ts";
import {
  messageAction,
  messageShortcut,
  slashCommand,
  viewAction,
  viewClosed,
  viewSubmission,
  type ElementUse,
  type Origin,
} from "./payloads.ts";
import { applyViewAnswer } from "./view-answer.ts";
import { enteredValues, formComplaints, type Entries, type Entry } from "./view-state.ts";

export type ClickOptions = {
  /** What is chosen, for a menu or a picker. */
  readonly entry?: Entry;
  /** How the confirmation is answered, where the element asks for one; accepted by default. */
  readonly confirm?: "accept" | "deny";
  /** In which block, where the same action id stands in several. */
  readonly blockId?: string;
};

export type Actor = ReturnType<typeof createActor>;

/** One person at their Slack client: can do what the client lets them, and sees what it shows them. */
export function createActor(origin: Origin, deliveries: ReturnType<typeof createDeliveries>, user: string) {
  const { world } = origin;

  const present = (): void => {
    if (world.directory.user(user).deleted) {
      throw new Error(
        `${user} is deactivated and cannot use Slack; build the payload and send it raw instead`,
      );
    }
  };

  const inChannel = (id: string): void => {
    present();
    if (!world.directory.channel(id).members.has(user)) throw new Error(`${user} is not a member of ${id}`);
  };

  const messageAt = (channel: string, ts: string): SlackMessage => {
    inChannel(channel);
    const message = world.messages.find(channel, ts) ?? world.messages.findEphemeral(channel, ts, user);
    if (message === undefined) throw new Error(`${user} sees no message ${ts} in ${channel}`);
    return message;
  };

  const viewAt = (id: string): SlackView => {
    present();
    const view = world.views.find(id);
    if (view === undefined || view.user !== user) throw new Error(`${user} has no view ${id} open`);
    return view;
  };

  const deliver = async (what: string, payload: JsonObject, confirm?: JsonObject): Promise<Interaction> => {
    const since = world.changes.position();
    const outcome = await deliveries.interactive(payload);
    return interaction(world, user, since, what, { outcome, ...(confirm === undefined ? {} : { confirm }) });
  };

  const declined = ({ element }: ElementUse, options: ClickOptions): Interaction | undefined => {
    const question = element["confirm"];
    if (!isObject(question) || options.confirm !== "deny") return undefined;
    return interaction(world, user, world.changes.position(), "a declined confirmation", {
      confirm: question,
    });
  };

  return {
    user,

    /** Uses an element of a message: a button, a menu, a picker. */
    async click(
      channel: string,
      ts: string,
      actionId: string,
      options: ClickOptions = {},
    ): Promise<Interaction> {
      const message = messageAt(channel, ts);
      const used = use(message.blocks, actionId, options);
      const payload = () => messageAction(origin, user, message, used);
      return (
        declined(used, options) ??
        deliver(`using ${actionId} of ${channel}/${ts}`, payload(), confirmOf(used))
      );
    },

    /** The payload of a click without sending it, for a test to tamper with and send raw. */
    clickPayload(channel: string, ts: string, actionId: string, options: ClickOptions = {}): JsonObject {
      const message = world.messages.find(channel, ts) ?? world.messages.findEphemeral(channel, ts, user);
      if (message === undefined) throw new Error(`there is no message ${ts} in ${channel} for ${user}`);
      return messageAction(origin, user, message, use(message.blocks, actionId, options));
    },

    /** Uses an element of an open modal or of the home tab, with what stands in the form at that moment. */
    async act(
      viewId: string,
      actionId: string,
      options: ClickOptions & { readonly entries?: Entries } = {},
    ): Promise<Interaction> {
      const view = viewAt(viewId);
      const used = use(view.blocks, actionId, options);
      const values = enteredValues(view.blocks, options.entries ?? {});
      const payload = () => viewAction(origin, view, values, used);
      return declined(used, options) ?? deliver(`using ${actionId} of the view`, payload(), confirmOf(used));
    },

    /** Fills in and submits a modal. An incomplete form is not sent; the app's answer changes what is open. */
    async submit(viewId: string, entries: Entries = {}): Promise<Interaction> {
      const view = viewAt(viewId);
      if (view.submit === undefined) throw new Error(`view ${viewId} has no submit button`);
      const values = enteredValues(view.blocks, entries);
      const fieldErrors = formComplaints(view.blocks, values);
      const since = world.changes.position();
      const what = `submitting ${view.callbackId || view.id}`;
      if (Object.keys(fieldErrors).length > 0) return interaction(world, user, since, what, { fieldErrors });
      const outcome = await deliveries.interactive(viewSubmission(origin, view, values));
      const answer = applyViewAnswer(world, view, outcome);
      return interaction(world, user, since, what, { outcome, ...answer });
    },

    /** The payload of a submission without sending it, for a test to tamper with and send raw. */
    submitPayload(viewId: string, entries: Entries = {}): JsonObject {
      const view = viewAt(viewId);
      return viewSubmission(origin, view, enteredValues(view.blocks, entries));
    },

    /** Closes a modal (`all`: and those below it); the app hears of it only if the view asked for that. */
    async close(viewId: string, options: { readonly all?: boolean } = {}): Promise<Interaction> {
      const view = viewAt(viewId);
      const since = world.changes.position();
      const closing = options.all || view.clearOnClose ? world.views.stackOf(user).toReversed() : [view];
      for (const each of closing) world.views.close(each);
      const what = `closing ${view.callbackId || view.id}`;
      let result: Partial<Interaction> = {};
      for (const each of closing.filter((one) => one.notifyOnClose)) {
        result = {
          outcome: await deliveries.interactive(
            viewClosed(origin, each, closing.length > 1 || options.all === true),
          ),
        };
      }
      return interaction(world, user, since, what, result);
    },

    /** Types a slash command into the message box of a channel. */
    async command(command: string, text: string, channel: string): Promise<Interaction> {
      inChannel(channel);
      const since = world.changes.position();
      const what = `${command} ${text}`.trim();
      if (world.commands !== undefined && !world.commands.includes(command)) {
        return interaction(world, user, since, what, { error: `${command} is not a valid command.` });
      }
      const outcome = await deliveries.command(slashCommand(origin, user, channel, command, text));
      if (outcome.kind !== "acked") return interaction(world, user, since, what, { outcome });
      const error = showCommandAnswer(channel, what, outcome.body);
      return interaction(world, user, since, what, { outcome, ...(error === undefined ? {} : { error }) });
    },

    /** Opens the home tab of the app. */
    async openHome(): Promise<Interaction> {
      present();
      const since = world.changes.position();
      const channel = world.directory.directChannel(user, world.app.botUser).id;
      const outcome = await deliveries.event({ type: "app_home_opened", user, channel, tab: "home" });
      return interaction(world, user, since, "opening the home tab", { outcome });
    },

    /** Uses a message shortcut of the app. */
    async shortcut(channel: string, ts: string, callbackId: string): Promise<Interaction> {
      return deliver(
        `the shortcut ${callbackId}`,
        messageShortcut(origin, user, messageAt(channel, ts), callbackId),
      );
    },

    /** Writes a message. `blocks` stand for a forged copy of somebody else's card, which Slack would not let through. */
    post(
      channel: string,
      text: string,
      options: { readonly blocks?: readonly JsonObject[]; readonly threadTs?: string } = {},
    ): SlackMessage {
      inChannel(channel);
      return world.messages.put({
        channel,
        ts: world.newTs(),
        user,
        text,
        blocks: options.blocks ?? [],
        ...(options.threadTs === undefined ? {} : { threadTs: options.threadTs }),
        reactions: [],
        files: [],
      });
    },

    /** The modal this person looks at. */
    topView: () => world.views.top(user),
    home: () => world.views.home(user),
  };

  function showCommandAnswer(channel: string, command: string, body: unknown): string | undefined {
    const said = typeof body === "string" ? { text: body } : body;
    if (!isObject(said) || (asText(said["text"]) === "" && said["blocks"] === undefined)) return undefined;
    try {
      applyResponse(world, { user, channel, command }, said);
      return undefined;
    } catch (error) {
      if (error instanceof ApiRefusal) return `the app's answer cannot be shown: ${error.code}`;
      throw error;
    }
  }
}

const use = (blocks: readonly JsonObject[], actionId: string, options: ClickOptions): ElementUse => ({
  ...findElement(blocks, actionId, options.blockId),
  ...(options.entry === undefined ? {} : { entry: options.entry }),
});

const confirmOf = ({ element }: ElementUse): JsonObject | undefined =>
  isObject(element["confirm"]) ? element["confirm"] : undefined;

/** The element with this action id; throws with what there is instead. */
function findElement(blocks: readonly JsonObject[], actionId: string, blockId?: string) {
  const all = blocks.flatMap((block) => elementsOf(block).map((element) => ({ block, element })));
  const found = all.find(
    ({ block, element }) =>
      element["action_id"] === actionId && (blockId === undefined || block["block_id"] === blockId),
  );
  if (found !== undefined) return found;
  const known = all.map(({ element }) => asText(element["action_id"])).join(", ");
  throw new Error(`nothing here has the action id ${actionId}; there is: ${known || "nothing to use"}`);
}
