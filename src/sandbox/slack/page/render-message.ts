import type { SlackMessage } from "../records.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import { html, nothing, type Html } from "./html.ts";
import { namesIn } from "./names.ts";
import { renderBlocks } from "./render-blocks.ts";
import { clockTime } from "./render-date.ts";
import { renderMrkdwn } from "./render-mrkdwn.ts";
import { emojiFor } from "./emoji.ts";

/** The messages of a conversation as one person sees them: their own ephemeral messages among them. */
export function renderMessages(slack: SlackSandbox, channel: string, viewer: string): Html {
  const own = slack.ephemerals(viewer).filter((message) => message.channel === channel);
  const top = [
    ...slack.messages(channel),
    ...own.filter((message) => message.threadTs === undefined),
  ].toSorted(byTime);
  if (top.length === 0)
    return html`<li class="empty" data-key="empty">Nothing here yet. Messages appear as they arrive.</li>`;
  return html`${top.map((message) => {
    const replies = slack.thread(channel, message.ts).filter((reply) => reply.ts !== message.ts);
    const hidden = own.filter((each) => each.threadTs === message.ts);
    return html`<li data-key="${message.ts}">
      ${renderMessage(slack, message)}${renderThread(slack, message, [...replies, ...hidden].toSorted(byTime))}
    </li>`;
  })}`;
}

function byTime(one: SlackMessage, other: SlackMessage): number {
  return Number(one.ts) - Number(other.ts);
}

function renderThread(slack: SlackSandbox, parent: SlackMessage, replies: readonly SlackMessage[]): Html {
  const last = replies.at(-1);
  if (last === undefined) return nothing;
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return html`<details class="thread" data-keep="${parent.ts}">
    <summary>
      <span class="count">${count}</span> <span class="last">last at ${clockTime(Number(last.ts))}</span>
    </summary>
    <ol class="replies">
      ${replies.map((reply) => html`<li data-key="${reply.ts}">${renderMessage(slack, reply)}</li>`)}
    </ol>
  </details>`;
}

function renderMessage(slack: SlackSandbox, message: SlackMessage): Html {
  const author = slack.workspace.users.get(message.user);
  const name = author?.realName ?? message.user;
  const isApp = message.botId !== undefined;
  const isHidden = message.visibleTo !== undefined;
  const at = Number(message.ts);
  return html`<article
    class="message ${isHidden && "hidden-note"}"
    data-channel="${message.channel}"
    data-ts="${message.ts}"
    aria-label="${name} at ${clockTime(at)}"
  >
    ${renderAvatar(message.user, name, isApp)}
    <div class="content">
      ${isHidden && html`<p class="only-you"><span aria-hidden="true">◉</span> Only visible to you</p>`}
      ${message.answers !== undefined && html`<p class="answers">${message.answers}</p>`}
      <header>
        <strong class="author">${name}</strong>${isApp && html`<span class="app">APP</span>`}
        <time datetime="${new Date(at * 1000).toISOString()}">${clockTime(at)}</time>
      </header>
      <div class="body">
        ${message.blocks.length > 0 ? renderBlocks(message.blocks, slack, `m${message.ts.replace(".", "-")}`) : html`<div class="b-text">${renderMrkdwn(message.text, namesIn(slack))}${message.editedTs !== undefined && html`<span class="edited"> (edited)</span>`}</div>`}
        ${renderFiles(message)}
      </div>
      ${renderReactions(message)}
    </div>
  </article>`;
}

export function renderAvatar(id: string, name: string, isApp: boolean): Html {
  if (isApp) {
    return html`<span class="avatar app-avatar" aria-hidden="true"
      ><svg viewBox="0 0 24 24" width="22" height="22">
        <path
          d="M12 3v18M12 5h7l-2 3 2 3h-7M12 12H5l2 2.5L5 17h7"
          fill="none"
          stroke="currentColor"
          stroke-width="2"
          stroke-linejoin="round"
          stroke-linecap="round"
        /></svg
    ></span>`;
  }
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .join("")
    .slice(0, 2)
    .toUpperCase();
  const hue = Buffer.from(id).reduce((sum, byte) => sum + byte, 0) % 6;
  return html`<span class="avatar hue-${hue}" aria-hidden="true">${initials}</span>`;
}

function renderFiles(message: SlackMessage): Html {
  return html`${message.files.map((file) =>
    file.mimetype.startsWith("image/")
      ? html`<figure class="b-image">
          <figcaption>${file.title}</figcaption>
          <img src="/files/${file.id}" alt="${file.title}" loading="lazy" />
        </figure>`
      : html`<p class="file"><a href="/files/${file.id}" download="${file.name}">📄 ${file.title}</a></p>`,
  )}`;
}

function renderReactions(message: SlackMessage): Html {
  if (message.reactions.length === 0) return nothing;
  return html`<p class="reactions">
    ${message.reactions.map(
      (each) => html`<span class="reaction">${emojiFor(each.name)} ${each.users.length}</span>`,
    )}
  </p>`;
}
