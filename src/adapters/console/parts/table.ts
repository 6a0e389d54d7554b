import { html, type Html, type Part } from "../html.ts";

export interface Column<Row> {
  name: string;
  cell: (row: Row) => Part;
  /** `number` aligns to the right, `tight` never breaks, `wide` gets the most room. */
  form?: "number" | "tight" | "wide";
}

/**
 * A table that becomes a list of cards on a phone. The roles are spelt out because a style that changes how a table
 * is laid out takes them away in some browsers.
 */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const form = (column: Column<Row>) => column.form ?? "plain";
  return html`<table role="table">
    <caption class="visually-hidden">
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map((column) => html`<th role="columnheader" scope="col" class="${form(column)}">${column.name}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr role="row">
            ${columns.map((column) => html`<td role="cell" class="${form(column)}" data-label="${column.name}"><div>${column.cell(row)}</div></td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
