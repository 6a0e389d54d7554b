import { html, type Html } from "../html.ts";
import { bareFrame } from "../parts/frame.ts";

/**
 * For a link from another site, such as a card in Slack. The browser sends a `SameSite=Strict` cookie only with what
 * our own pages ask for, so this page asks again.
 */
export function elsewherePage(place: string): Html {
  return bareFrame(
    "One moment",
    html`<div class="card">
      <h1>One moment</h1>
      <p><a href="${place}">Go on to the console</a></p>
    </div>`,
    html`<meta http-equiv="refresh" content="0; url=${place}" />`,
  );
}
