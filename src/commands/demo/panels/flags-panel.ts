import { createFeatBitReader } from "../../../adapters/featbit/featbit-reader.ts";
import { describeFlag } from "../../../domain/flag/describe-flag.ts";
import type { FlagSnapshot } from "../../../domain/flag/flag.ts";
import type { FlagEvaluator } from "../../../sandbox/services/flag-evaluator.ts";
import { supportFlag } from "../../../sandbox/services/support-assistant.ts";
import { html } from "../../../sandbox/slack/page/html.ts";
import type { Panel } from "../../../sandbox/slack/page/panel.ts";
import { flagOf } from "../../../sandbox/world/trouble.ts";
import { fresh } from "../fresh.ts";
import type { Demo } from "../open-demo.ts";
import type { SampleUser } from "../sample-users.ts";

const keys = Object.values(flagOf);

/** What FeatBit's REST API says of the flags, and what the official SDK gives to a few users. */
export function flagsPanel({ world }: Demo, flags: FlagEvaluator, users: readonly SampleUser[]): Panel {
  const reader = createFeatBitReader({ apiUrl: world.featbit.apiUrl, token: world.readToken });
  const readNow = () => reader.list({ project: "shop", environment: "prod" }, { keys, tags: [] });
  let read = readNow();
  let readAt = world.featbit.mutations.length;

  /** FeatBit is asked again only when a flag was changed. */
  const snapshots = (): Promise<FlagSnapshot[]> => {
    if (readAt === world.featbit.mutations.length) return read;
    readAt = world.featbit.mutations.length;
    read = readNow();
    read.catch(() => (readAt = -1));
    return read;
  };
  read.catch(() => (readAt = -1));

  const valueFor = (key: string, { user }: SampleUser): Promise<string> =>
    key === supportFlag.key
      ? flags.stringValue(key, user, supportFlag.baseline)
      : flags.booleanValue(key, user, false).then((on) => (on ? "On" : "Off"));

  const markup = fresh(500, async () => {
    const parts = await Promise.all(
      inOrder(await snapshots()).map(async ({ flag, segments }) => {
        const values = await Promise.all(users.map((sample) => valueFor(flag.key, sample)));
        return html`<section class="flag" data-flag="${flag.key}">
          <h3><code>${flag.key}</code></h3>
          <ul class="flag-says" aria-label="As FeatBit says">
            ${describeFlag(flag, segments).map((line) => html`<li>${line}</li>`)}
          </ul>
          <table class="flag-users">
            <caption>
              As the SDK evaluates it
            </caption>
            <tbody>
              ${users.map(
                ({ user, words }, at) =>
                  html`<tr>
                    <th scope="row">${user.key} <small>${words}</small></th>
                    <td>${values[at]}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </section>`;
      }),
    );
    return html`${parts}`.markup;
  });

  return { id: "flags", title: "Flags", html: markup };
}

function inOrder(snapshots: readonly FlagSnapshot[]): FlagSnapshot[] {
  return keys.flatMap((key) => snapshots.filter(({ flag }) => flag.key === key));
}
