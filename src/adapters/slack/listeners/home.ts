import { toInstant } from "../../../domain/ids.ts";
import { failureLines } from "../answer-person.ts";
import { askSlack } from "../ask-slack.ts";
import type { Front } from "../front.ts";
import { renderHome, renderUnreadable, shownIncidents } from "../home/render-home.ts";
import { inPersonSpan } from "../in-person-span.ts";
import { WireHomeOpened, WireOpenedView } from "../wire.ts";
import { within } from "../within.ts";
import { onClick } from "./on-click.ts";

/** The home tab: made anew whenever a person opens it or asks for it. */
export function listenToHome(front: Front): void {
  front.app.event("app_home_opened", async ({ event, body }) => {
    const opened = WireHomeOpened.safeParse(event);
    if (!opened.success || opened.data.tab !== "home") return;
    if (body.team_id !== front.teamId || body.api_app_id !== front.appId) {
      front.log.warn({ intent: "show the home tab" }, "A home tab of another workspace was ignored.");
      return;
    }
    await inPersonSpan(front, { kind: "home", name: "opened" }, () => publish(front, opened.data.user));
  });
  onClick(front, "home_refresh", ({ userId }) => publish(front, userId));
}

async function publish(front: Front, userId: string): Promise<void> {
  const at = toInstant(front.now());
  const view = await within(front.limits.answerWithinMs, "Reading it", read(front, userId, at)).catch(
    (error: unknown) => renderUnreadable(failureLines(front, error, "show the home tab"), at),
  );
  try {
    await askSlack("views.publish", WireOpenedView, () =>
      front.client.views.publish({ user_id: userId, view }),
    );
  } catch (error) {
    front.log.warn(
      { intent: "show the home tab", errorClass: "rejected" },
      `The home tab could not be shown: ${String(error)}`,
    );
  }
}

async function read(front: Front, userId: string, at: string) {
  const home = await front.actions.home(userId);
  const urls = shownIncidents(home).map(
    async (id) => [id, await front.cardUrl(id).catch(() => null)] as const,
  );
  return renderHome(home, { cardUrls: new Map(await Promise.all(urls)), at });
}
