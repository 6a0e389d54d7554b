import { asObject, asObjects, asText, type JsonObject } from "../json.ts";
import { emojiFor } from "./emoji.ts";
import { html, joined, type Html } from "./html.ts";
import type { Names } from "./names.ts";
import { formatDate } from "./render-date.ts";
import { mention, renderLink } from "./render-mrkdwn.ts";

export function renderRichText(block: JsonObject, names: Names): Html {
  return joined(asObjects(block["elements"]).map((element) => renderPart(element, names)));
}

function renderPart(part: JsonObject, names: Names): Html {
  const inside = () => joined(asObjects(part["elements"]).map((element) => renderElement(element, names)));
  switch (part["type"]) {
    case "rich_text_list": {
      const items = asObjects(part["elements"]).map(
        (item) => html`<li>${renderSectionInside(item, names)}</li>`,
      );
      return part["style"] === "ordered"
        ? html`<ol>
            ${items}
          </ol>`
        : html`<ul>
            ${items}
          </ul>`;
    }
    case "rich_text_quote":
      return html`<blockquote>${inside()}</blockquote>`;
    case "rich_text_preformatted":
      return html`<pre><code>${inside()}</code></pre>`;
    default:
      return html`<p class="rich">${inside()}</p>`;
  }
}

function renderSectionInside(section: JsonObject, names: Names): Html {
  return joined(asObjects(section["elements"]).map((element) => renderElement(element, names)));
}

function renderElement(element: JsonObject, names: Names): Html {
  const style = asObject(element["style"]);
  let out = renderWords(element, names);
  if (style["code"] === true) out = html`<code>${out}</code>`;
  if (style["bold"] === true) out = html`<strong>${out}</strong>`;
  if (style["italic"] === true) out = html`<em>${out}</em>`;
  if (style["strike"] === true) out = html`<s>${out}</s>`;
  return out;
}

function renderWords(element: JsonObject, names: Names): Html {
  const words = (name: string) => asText(element[name]);
  switch (element["type"]) {
    case "link":
      return renderLink(words("url"), words("text") || words("url"));
    case "emoji":
      return html`${emojiFor(words("name"))}`;
    case "user":
      return mention(`@${names.user(words("user_id"))}`);
    case "usergroup":
      return mention(`@${names.group(words("usergroup_id"))}`);
    case "channel":
      return mention(`#${names.channel(words("channel_id"))}`);
    case "broadcast":
      return mention(`@${words("range")}`);
    case "date":
      return html`<time>${formatDate(Number(element["timestamp"]), words("format"))}</time>`;
    default:
      return html`${words("text") || words("value")}`;
  }
}
