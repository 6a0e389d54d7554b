import { html, type Html } from "../html.ts";
import { frame } from "../parts/frame.ts";

export function problemPage(title: string, what: string): Html {
  return frame({
    title,
    section: null,
    body: html`<h1>${title}</h1>
      <p>${what}</p>`,
  });
}
