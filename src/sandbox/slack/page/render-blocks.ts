import { wordsOf } from "../blocks/composition.ts";
import { asList, asObject, asObjects, asText, isObject, type Json, type JsonObject } from "../json.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import { html, nothing, type Html } from "./html.ts";
import { namesIn } from "./names.ts";
import { controlId, renderElement, words, type Place } from "./render-element.ts";
import { renderMrkdwn, renderPlain } from "./render-mrkdwn.ts";
import { renderRichText } from "./render-rich-text.ts";

/** Block Kit as markup. `idPrefix` keeps DOM ids apart where the same block ids stand in several messages. */
export function renderBlocks(blocks: readonly JsonObject[], slack: SlackSandbox, idPrefix: string): Html {
  return html`${blocks.map((block) => renderBlock(block, { slack, idPrefix, block, dispatches: true }))}`;
}

function renderBlock(block: JsonObject, place: Place): Html {
  switch (block["type"]) {
    case "header":
      return html`<h3 class="b-header">${renderPlain(wordsOf(block["text"]))}</h3>`;
    case "section":
      return renderSection(block, place);
    case "context":
      return html`<div class="b-context">
        ${asObjects(block["elements"]).map((each) =>
          each["type"] === "image"
            ? renderImage(each, "context-image")
            : html`<span>${words(each, place)}</span>`,
        )}
      </div>`;
    case "actions":
      return html`<div class="b-actions">
        ${asObjects(block["elements"]).map((each) => renderElement(each, place))}
      </div>`;
    case "divider":
      return html`<hr />`;
    case "image":
      return renderFigure(block);
    case "input":
      return renderField(block, place);
    case "rich_text":
      return html`<div class="b-text">${renderRichText(block, namesIn(place.slack))}</div>`;
    case "markdown":
      return html`<div class="b-text">${renderMrkdwn(asText(block["text"]), namesIn(place.slack))}</div>`;
    case "table":
      return renderTable(block, place);
    case "alert":
      return html`<div class="b-alert ${asText(block["level"])}" role="note">
        ${words(block["text"], place)}
      </div>`;
    default:
      return html`<p class="b-context">(${asText(block["type"])} block)</p>`;
  }
}

function renderSection(block: JsonObject, place: Place): Html {
  const accessory = block["accessory"];
  const fields = asObjects(block["fields"]).map((field) => html`<div>${words(field, place)}</div>`);
  return html`<div class="b-section">
    <div class="b-text">
      ${isObject(block["text"]) && words(block["text"], place)}
      ${fields.length > 0 && html`<div class="b-fields">${fields}</div>`}
    </div>
    ${isObject(accessory) && html`<div class="b-accessory">${accessory["type"] === "image" ? renderImage(accessory, "accessory-image") : renderElement(accessory, place)}</div>`}
  </div>`;
}

function renderFigure(block: JsonObject): Html {
  const title = wordsOf(block["title"]);
  return html`<figure class="b-image">
    ${title !== "" && html`<figcaption>${title}</figcaption>`}${renderImage(block, "")}
  </figure>`;
}

/** Pictures come only from files of the workspace: the page loads nothing from elsewhere. */
function renderImage(image: JsonObject, cssClass: string): Html {
  const file = asText(asObject(image["slack_file"])["id"]);
  const alt = asText(image["alt_text"]);
  if (file === "") return html`<span class="picture-words" role="img" aria-label="${alt}">🖼 ${alt}</span>`;
  return html`<img
    class="${cssClass}"
    src="/files/${encodeURIComponent(file)}"
    alt="${alt}"
    loading="lazy"
  />`;
}

function renderField(block: JsonObject, place: Place): Html {
  const element = asObject(block["element"]);
  const id = controlId(element, place);
  const hint = wordsOf(block["hint"]);
  const labelledBy = `${id}-label`;
  const describedBy = `${hint === "" ? "" : `${id}-hint `}${id}-error`;
  const isOptional = block["optional"] === true;
  const name = html`${wordsOf(block["label"])}${isOptional && html` <span class="optional">(optional)</span>`}`;
  const isGroup = element["type"] === "checkboxes" || element["type"] === "radio_buttons";
  const label = isGroup
    ? html`<span class="label" id="${labelledBy}">${name}</span>`
    : html`<label class="label" id="${labelledBy}" for="${id}">${name}</label>`;
  const dispatches = block["dispatch_action"] === true;
  return html`<div class="field" data-field="${asText(block["block_id"])}">
    ${label} ${renderElement(element, { ...place, labelledBy, describedBy, dispatches })}
    ${hint !== "" && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <p class="field-error" id="${id}-error" role="alert"></p>
  </div>`;
}

function renderTable(block: JsonObject, place: Place): Html {
  const aligns = asObjects(block["column_settings"]).map((column) => asText(column["align"]));
  const [head, ...rows] = asList(block["rows"]);
  const cells = (row: Json | undefined, tag: "th" | "td") =>
    asObjects(row).map((cell, at) => {
      const inside =
        cell["type"] === "rich_text" ? renderRichText(cell, namesIn(place.slack)) : cellText(cell);
      const css = aligns[at] ?? "left";
      return tag === "th"
        ? html`<th scope="col" class="${css}">${inside}</th>`
        : html`<td class="${css}">${inside}</td>`;
    });
  return html`<div class="b-table">
    <table>
      <thead>
        <tr>
          ${cells(head, "th")}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${cells(row, "td")}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cellText(cell: JsonObject): Html {
  const value = cell["value"];
  const number = typeof value === "number" ? String(value) : "";
  return asText(cell["text"]) === "" && number === "" ? nothing : html`${asText(cell["text"]) || number}`;
}
