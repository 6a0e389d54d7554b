import type { ServerResponse } from "node:http";
import { isTopLevel } from "../messages.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import type { Panel } from "./panel.ts";
import { renderMessages } from "./render-message.ts";
import { renderHead, renderSidebar, type ShellOptions, type Viewpoint } from "./render-shell.ts";
import { renderHome, renderModal } from "./render-view.ts";

const coalesceMs = 30;
const heartbeatMs = 15_000;

/**
 * Keeps one open page up to date over server-sent events: sends each part of the page whose markup changed, and the
 * plain words of new messages for people who listen instead of look. Returns how to redraw and how to stop.
 */
export function streamPage(
  slack: SlackSandbox,
  at: Viewpoint,
  options: ShellOptions,
  response: ServerResponse,
) {
  const sent = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const event = (name: string, data: unknown) =>
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

  const part = (id: string, markup: string): void => {
    if (sent.get(id) === markup) return;
    sent.set(id, markup);
    event("part", { id, markup });
  };

  const draw = async (): Promise<void> => {
    const messages =
      at.place === "home"
        ? renderHome(slack, slack.as(at.viewer).home())
        : renderMessages(slack, at.place, at.viewer);
    part("part-sidebar", renderSidebar(slack, at, options.roles).markup);
    part("part-head", renderHead(slack, at.place).markup);
    part("part-messages", messages.markup);
    part("modal", renderModal(slack, at.viewer).markup);
    for (const panel of options.panels) part(`part-panel-${panel.id}`, await panelMarkup(panel));
  };

  const redraw = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void draw();
    }, coalesceMs);
  };

  const stopListening = slack.onChange((change) => {
    const isNew = change.kind === "message_posted" || change.kind === "ephemeral_posted";
    if (
      isNew &&
      change.message.channel === at.place &&
      (change.message.visibleTo ?? at.viewer) === at.viewer
    ) {
      const author = slack.workspace.users.get(change.message.user)?.realName ?? "Somebody";
      const where = isTopLevel(change.message) ? "" : " in a thread";
      event("announce", `${author}${where}: ${change.message.text}`);
    }
    redraw();
  });
  const heartbeat = setInterval(() => response.write(": here\n\n"), heartbeatMs);

  const stop = (): void => {
    stopListening();
    clearInterval(heartbeat);
    clearTimeout(timer);
    response.end();
  };
  void draw();
  return { redraw, stop };
}

/** A panel that fails says so in its place; the rest of the page goes on. */
async function panelMarkup(panel: Panel): Promise<string> {
  try {
    return await panel.html();
  } catch {
    return '<p class="hint">This panel cannot be shown at the moment.</p>';
  }
}
