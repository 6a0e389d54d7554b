import { z } from "zod";
import type { Interaction } from "../driver/interaction.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import type { Panel } from "./panel.ts";

const Entry = z.union([z.string(), z.number(), z.array(z.string()), z.null()]);
const Entries = z.record(z.string(), Entry);
const used = { block: z.string(), action: z.string(), entry: Entry.optional() };

/** What the page's script sends when the person does something. */
export const PageAction = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("click"), as: z.string(), channel: z.string(), ts: z.string(), ...used }),
  z.strictObject({ kind: z.literal("use"), as: z.string(), view: z.string(), entries: Entries, ...used }),
  z.strictObject({ kind: z.literal("submit"), as: z.string(), view: z.string(), entries: Entries }),
  z.strictObject({ kind: z.literal("close"), as: z.string(), view: z.string() }),
  z.strictObject({
    kind: z.literal("say"),
    as: z.string(),
    channel: z.string(),
    text: z.string().min(1).max(3000),
  }),
  z.strictObject({ kind: z.literal("home"), as: z.string() }),
  z.strictObject({ kind: z.literal("panel"), panel: z.string(), action: z.string() }),
]);
export type PageAction = z.infer<typeof PageAction>;

/** What the person is told at once; everything else arrives as changes of the page. */
export type PageAnswer = {
  readonly error?: string;
  readonly note?: string;
  readonly fieldErrors?: Readonly<Record<string, string>>;
};

export async function runPageAction(
  slack: SlackSandbox,
  panels: readonly Panel[],
  action: PageAction,
): Promise<PageAnswer> {
  try {
    if (action.kind === "panel") return await runPanelAction(panels, action.panel, action.action);
    return answerOf(await act(slack, action));
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

type PersonAction = Exclude<PageAction, { kind: "panel" }>;

async function act(slack: SlackSandbox, action: PersonAction): Promise<Interaction | undefined> {
  const person = slack.as(action.as);
  switch (action.kind) {
    case "click":
      return person.click(action.channel, action.ts, action.action, elementOptions(action));
    case "use":
      return person.act(action.view, action.action, { ...elementOptions(action), entries: action.entries });
    case "submit":
      return person.submit(action.view, action.entries);
    case "close":
      return person.close(action.view);
    case "home":
      return person.openHome();
    case "say": {
      const [, command, text] = /^(\/\S+)\s*(.*)$/s.exec(action.text) ?? [];
      if (command !== undefined) return person.command(command, text ?? "", action.channel);
      person.post(action.channel, escapeEntities(action.text));
      return undefined;
    }
  }
}

function elementOptions({ block, entry }: Extract<PersonAction, { block: string }>) {
  return { blockId: block, ...(entry === undefined ? {} : { entry }) };
}

function answerOf(interaction: Interaction | undefined): PageAnswer {
  if (interaction === undefined) return {};
  const { error, fieldErrors } = interaction;
  return { ...(error === undefined ? {} : { error }), fieldErrors };
}

async function runPanelAction(
  panels: readonly Panel[],
  panelId: string,
  actionId: string,
): Promise<PageAnswer> {
  const action = panels.find((panel) => panel.id === panelId)?.actions?.find((each) => each.id === actionId);
  if (action === undefined) return { error: `there is no action ${actionId} on a panel ${panelId}` };
  const note = await action.run();
  return note === undefined ? {} : { note };
}

/** What Slack's client does to typed text before it stores it. */
function escapeEntities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
