import type { SlackSandbox } from "../slack-sandbox.ts";
import { html, nothing, type Html } from "./html.ts";
import type { Panel } from "./panel.ts";
import { renderAvatar } from "./render-message.ts";

/** Where a person is: a channel's id, or `home` for the home tab of the app. */
export type Viewpoint = { readonly viewer: string; readonly place: string };

export type ShellOptions = {
  readonly title: string;
  /** By user id: who this is, in a few words, for the switcher. */
  readonly roles: Readonly<Record<string, string>>;
  /** Offered while typing: slash commands with an example text. */
  readonly commands: readonly string[];
  readonly panels: readonly Panel[];
};

export function renderShell(options: ShellOptions): Html {
  const { title, commands, panels } = options;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/page.css" />
        <script type="module" src="/assets/page.client.js"></script>
      </head>
      <body>
        <a class="skip" href="#composer-text">Skip to the message box</a>
        <div class="layout ${panels.length === 0 && html`no-panels`}">
          <nav class="sidebar" aria-label="Workspace">
            <div class="workspace">
              <strong>${title}</strong><span class="live" id="live" role="status">connecting</span>
            </div>
            <div id="part-sidebar"></div>
          </nav>
          <main>
            <header class="channel-head" id="part-head"></header>
            <div class="scroller" id="scroller" tabindex="-1">
              <ol class="messages" id="part-messages" aria-label="Messages"></ol>
            </div>
            <form class="composer" id="composer" autocomplete="off">
              <label class="visually-hidden" for="composer-text">Message or slash command</label>
              <input
                id="composer-text"
                list="commands"
                placeholder="Write a message, or / for a command"
                maxlength="3000"
              />
              <datalist id="commands">
                ${commands.map((command) => html`<option value="${command}"></option>`)}
              </datalist>
              <button class="button primary" type="submit">Send</button>
            </form>
          </main>
          ${panels.length === 0 ? nothing : html`<aside class="panels" aria-label="Demo">${panels.map(renderPanel)}</aside>`}
        </div>
        <dialog id="modal" aria-labelledby="modal-title"></dialog>
        <dialog id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-text">
          <form method="dialog" class="modal small">
            <header class="modal-head"><h2 id="confirm-title"></h2></header>
            <div class="modal-body"><p id="confirm-text"></p></div>
            <footer class="modal-foot">
              <button class="button" value="deny" id="confirm-deny"></button>
              <button class="button" value="accept" id="confirm-accept"></button>
            </footer>
          </form>
        </dialog>
        <div class="toasts" id="toasts" role="alert"></div>
        <div class="visually-hidden" id="announcer" aria-live="polite"></div>
      </body>
    </html>`;
}

function renderPanel(panel: Panel): Html {
  const actions = (panel.actions ?? []).map(
    (action) =>
      html`<li>
        <button
          type="button"
          class="button ${action.style ?? ""}"
          data-panel="${panel.id}"
          data-panel-action="${action.id}"
        >
          ${action.label}
        </button>
        ${action.hint !== undefined && html`<p class="hint">${action.hint}</p>`}
      </li>`,
  );
  return html`<section class="panel" aria-labelledby="panel-${panel.id}-title">
    <h2 id="panel-${panel.id}-title">${panel.title}</h2>
    <div id="part-panel-${panel.id}"></div>
    ${
      actions.length > 0 &&
      html`<ul class="panel-actions">
        ${actions}
      </ul>`
    }
  </section>`;
}

export function renderSidebar(slack: SlackSandbox, at: Viewpoint, roles: ShellOptions["roles"]): Html {
  const people = [...slack.workspace.users.values()].filter((user) => !user.isBot);
  const places = [...slack.workspace.channels.values()].filter((channel) => channel.members.has(at.viewer));
  const link = (place: string, label: string, mark: string) =>
    html`<li data-key="${place}">
      <button
        type="button"
        class="place"
        data-place="${place}"
        ${place === at.place && html`aria-current="page"`}
      >
        <span aria-hidden="true">${mark}</span>${label}
      </button>
    </li>`;
  return html`<fieldset class="people">
      <legend>You are</legend>
      ${people.map((user) => {
        const note = user.deleted ? "deactivated" : (roles[user.id] ?? (user.isRestricted ? "guest" : ""));
        return html`<label class="person" data-key="${user.id}"
          ><input
            type="radio"
            name="viewer"
            value="${user.id}"
            ${user.id === at.viewer && html`checked`}
            ${user.deleted && html`disabled`}
          />
          ${renderAvatar(user.id, user.realName, false)}<span class="who"
            ><span>${user.realName}</span><small>${note}</small></span
          ></label
        >`;
      })}
    </fieldset>
    <h2>Channels</h2>
    <ul>
      ${places.filter((each) => each.kind !== "im").map((each) => link(each.id, each.name, each.kind === "private" ? "🔒" : "#"))}
    </ul>
    <h2>Apps</h2>
    <ul>
      ${link("home", `${slack.app.name} home`, "⌂")}${places.filter((each) => each.kind === "im").map((each) => link(each.id, `${slack.app.name} messages`, "✉"))}
    </ul>`;
}

export function renderHead(slack: SlackSandbox, place: string): Html {
  if (place === "home")
    return html`<h1>${slack.app.name}</h1>
      <p>Home tab of the app</p>`;
  const channel = slack.workspace.channels.get(place);
  if (channel === undefined || channel.kind === "im")
    return html`<h1>${slack.app.name}</h1>
      <p>Direct messages</p>`;
  const members = [...channel.members].filter((id) => slack.workspace.users.get(id)?.isBot === false).length;
  return html`<h1><span aria-hidden="true">#</span> ${channel.name}</h1>
    <p>${channel.topic}${channel.topic !== "" && " · "}${members} people</p>`;
}
