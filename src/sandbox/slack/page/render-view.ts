import { wordsOf } from "../blocks/composition.ts";
import type { SlackView } from "../records.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import { html, nothing, type Html } from "./html.ts";
import { renderBlocks } from "./render-blocks.ts";

/** The modal on top of a person's stack, as the inside of a native dialog; empty when nothing is open. */
export function renderModal(slack: SlackSandbox, viewer: string): Html {
  const view = slack.as(viewer).topView();
  if (view === undefined) return nothing;
  const isStacked = view.previousViewId !== undefined;
  const close = wordsOf(view.close) || (isStacked ? "Back" : "Cancel");
  return html`<form
    class="modal"
    data-view="${view.id}"
    data-hash="${view.hash}"
    aria-labelledby="modal-title"
    novalidate
  >
    <header class="modal-head">
      ${appMark}
      <h2 id="modal-title">${wordsOf(view.title)}</h2>
      <button type="button" class="icon" data-close-view aria-label="Close">✕</button>
    </header>
    <div class="modal-body">${renderBlocks(view.blocks, slack, `v${view.id}`)}</div>
    <p class="modal-error" role="alert"></p>
    <footer class="modal-foot">
      <button type="button" class="button" data-close-view>${close}</button>
      ${view.submit !== undefined && html`<button type="submit" class="button primary">${wordsOf(view.submit)}</button>`}
    </footer>
  </form>`;
}

export function renderHome(slack: SlackSandbox, view: SlackView | undefined): Html {
  if (view === undefined)
    return html`<li class="empty" data-key="empty">${slack.app.name} has not published a home tab yet.</li>`;
  return html`<li data-key="home">
    <div class="home" data-view="${view.id}">${renderBlocks(view.blocks, slack, `v${view.id}`)}</div>
  </li>`;
}

const appMark = html`<span class="avatar app-avatar small" aria-hidden="true"
  ><svg viewBox="0 0 24 24" width="16" height="16">
    <path
      d="M12 3v18M12 5h7l-2 3 2 3h-7M12 12H5l2 2.5L5 17h7"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linejoin="round"
    /></svg
></span>`;
