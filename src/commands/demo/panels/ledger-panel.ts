import { type ChainCheck, startChainCheck } from "../../../domain/ledger/verify.ts";
import { type LedgerEntry, toStored } from "../../../domain/ledger/chain.ts";
import { tellEntry } from "../../../domain/story/tell-entry.ts";
import type { Ledger } from "../../../pipeline/ports/storage.ts";
import { html } from "../../../sandbox/slack/page/html.ts";
import type { Panel } from "../../../sandbox/slack/page/panel.ts";
import { formatDate } from "../../../sandbox/slack/page/render-date.ts";
import { fresh } from "../fresh.ts";
import { clip } from "../clip.ts";

const shown = 40;
const pageSize = 500;

/** The newest entries of the ledger in words, and whether every chain holds so far. */
export function ledgerPanel(ledger: Ledger): Panel {
  const check = startChainCheck();
  let fault: ReturnType<typeof check.take> = null;
  let next = 0;
  let newest: LedgerEntry[] = [];

  /** Each entry is read and checked once. */
  const readOn = async (): Promise<void> => {
    for (;;) {
      const page = await ledger.entries(next, pageSize);
      for (const entry of page) fault = check.take(toStored(entry));
      newest = [...newest, ...page].slice(-shown);
      next += page.length;
      if (page.length < pageSize) return;
    }
  };

  const markup = fresh(900, async () => {
    await readOn();
    return html`<p class="ledger-state">${stateWords(fault, check)}</p>
      <ol class="ledger" reversed start="${next}" aria-label="Newest entries first" tabindex="0">
        ${newest
          .toReversed()
          .map((entry) => html`<li data-key="ledger-${entry.position ?? ""}">${entryMarkup(entry)}</li>`)}
      </ol>`.markup;
  });
  return { id: "ledger", title: "Ledger", html: markup };
}

function stateWords(fault: ReturnType<ChainCheck["take"]>, check: ChainCheck) {
  if (fault !== null) {
    const where =
      fault.kind === "entry" ? `${fault.stream}, version ${fault.version}` : `position ${fault.position}`;
    return html`<strong>Chain broken</strong> at ${where}: ${fault.reason}`;
  }
  if (check.entries() === 0) return html`Nothing is recorded yet.`;
  return html`<strong>Chain verified:</strong> ${check.entries()} entries in ${check.streams()} streams, none
    missing.`;
}

function entryMarkup(entry: LedgerEntry) {
  const { what, who, lines } = tellEntry(entry);
  const [first] = lines;
  return html`<span class="ledger-head"
      ><time datetime="${entry.at}">${formatDate(Date.parse(entry.at) / 1000, "{time_secs}")}</time>
      <strong>${what}</strong> ${who}</span
    >
    <span class="ledger-line"
      >${entry.stream.split("/")[1]}${first !== undefined && ` · ${clip(first, 110)}`}</span
    >`;
}
