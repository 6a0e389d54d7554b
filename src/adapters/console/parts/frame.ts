import { html, type Html, type Part } from "../html.ts";
import {
  changesPlace,
  findPlace,
  incidentsPlace,
  modesPlace,
  quarantinePlace,
  queuesPlace,
  root,
  signOutPlace,
} from "../places.ts";

const sections = [
  { name: "Incidents", place: incidentsPlace },
  { name: "Changes", place: changesPlace },
  { name: "Queues", place: queuesPlace },
  { name: "Quarantine", place: quarantinePlace },
  { name: "Modes", place: modesPlace },
] as const;
export type SectionName = (typeof sections)[number]["name"];

export interface Framed {
  title: string;
  /** Which entry of the navigation the page belongs to; null: none. */
  section: SectionName | null;
  body: Part;
}

/** A page of somebody who is signed in. */
export function frame({ title, section, body }: Framed): Html {
  return whole(
    title,
    html`<a class="skip" href="#main">Skip to the content</a>
      <header class="top">
        <a class="brand" href="${incidentsPlace}"
          ><img src="${root}/icon.svg" alt="" width="24" height="24" />Signalman</a
        >
        <nav aria-label="Sections">
          <ul>
            ${sections.map(
              ({ name, place }) =>
                html`<li>
                  <a href="${place}" ${name === section && html`aria-current="page"`}>${name}</a>
                </li>`,
            )}
          </ul>
        </nav>
        <form class="find" role="search" action="${findPlace}" method="get">
          <label class="visually-hidden" for="find">Id of an incident or change</label>
          <input
            id="find"
            name="id"
            placeholder="INC-… or CHG-…"
            maxlength="40"
            autocomplete="off"
            spellcheck="false"
          />
          <button type="submit">Open</button>
        </form>
        <form action="${signOutPlace}" method="post"><button type="submit">Sign out</button></form>
      </header>
      <main id="main" tabindex="-1">${body}</main>
      <footer class="foot">Read only: what is to be done is done in Slack. All times are UTC.</footer>`,
  );
}

/** A page of somebody who is not. */
export function bareFrame(title: string, body: Part, head: Part = null): Html {
  return whole(title, html`<main id="main" class="bare">${body}</main>`, head);
}

function whole(title: string, body: Html, head: Part = null): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${head}
        <title>${title} · Signalman</title>
        <link rel="icon" href="${root}/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${root}/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}
