import type { Instant } from "../../../domain/ids.ts";
import type { Queues } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html, type Part } from "../html.ts";
import { frame } from "../parts/frame.ts";
import { subjectLink } from "../parts/links.ts";
import { table } from "../parts/table.ts";
import { ago, empty, moment, section } from "../parts/words.ts";
import { quarantinePlace } from "../places.ts";

/** What is to be done, by stage, and how long it has been so. */
export function queuesPage(queues: Queues): Html {
  const { now, unsequenced } = queues;
  return frame({
    title: "Queues",
    section: "Queues",
    body: html`<h1>Queues and due rows</h1>
      <p>Rows are the truth, the queue only rings. Read at ${moment(now)}.</p>
      ${section("stages", "By stage", stages(queues))} ${section("parked", "Parked", parked(queues))}
      ${section("next", "Next in line", next(queues))}
      ${section("sources", "Deliveries by source", sources(queues))}
      <p class="note">
        ${unsequenced === 0 ? "Every ledger entry has its position." : `${unsequenced} of the newest ledger entries have no position yet.`}
      </p>`,
  });
}

function stages({ stages: list, now }: Queues): Html {
  if (list.length === 0) return empty("No work is waiting, held or parked.");
  const since = (count: number, at: Instant | null): Part =>
    at === null ? count : html`${count} <span class="faint">since ${ago(at, now)}</span>`;
  return table(
    "Rows by stage",
    [
      { name: "Stage", cell: ({ stage }: Queues["stages"][number]) => html`<strong>${stage}</strong>` },
      { name: "Due", cell: ({ due, oldestDueAt }) => since(due, oldestDueAt) },
      { name: "Later", cell: ({ waiting, due }) => waiting - due },
      { name: "Held", cell: ({ held, oldestHeldAt }) => since(held, oldestHeldAt) },
      { name: "Parked", cell: ({ parked: count, oldestParkedAt }) => since(count, oldestParkedAt) },
    ],
    list,
  );
}

function parked({ parked: list, now }: Queues): Html {
  if (list.length === 0) return empty("Nothing was given up.");
  return table(
    "Rows that were given up, newest first",
    [
      { name: "Stage", cell: ({ stage }: Queues["parked"][number]) => stage },
      { name: "About", cell: ({ subject }) => subjectLink(subject) },
      { name: "Since", form: "tight", cell: ({ at }) => ago(at, now) },
      { name: "Why", form: "wide", cell: ({ error }) => cut(error, 500) },
    ],
    list,
  );
}

function next({ next: list, now }: Queues): Html {
  if (list.length === 0) return empty("Nothing waits.");
  return table(
    "The next rows of each stage",
    [
      { name: "Stage", cell: ({ stage }: Queues["next"][number]) => stage },
      { name: "About", cell: ({ subject }) => subjectLink(subject) },
      {
        name: "Due",
        cell: ({ dueAt }) => html`${moment(dueAt)} <span class="faint">(${ago(dueAt, now)})</span>`,
      },
    ],
    list,
  );
}

function sources({ sources: list }: Queues): Html {
  if (list.length === 0) return empty("Everything that came in is settled.");
  return table(
    "Deliveries by source",
    [
      { name: "Source", cell: ({ sourceId }: Queues["sources"][number]) => cut(sourceId, 64) },
      { name: "Waiting", form: "number", cell: ({ waiting }) => waiting },
      {
        name: "In quarantine",
        form: "number",
        cell: ({ sourceId, quarantined }) =>
          quarantined === 0
            ? 0
            : html`<a href="${quarantinePlace}?source=${encodeURIComponent(sourceId)}">${quarantined}</a>`,
      },
    ],
    list,
  );
}
