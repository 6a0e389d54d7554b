import { splitStream } from "../../../domain/ledger/stream.ts";
import { ChangeId, IncidentId } from "../../../domain/ids.ts";
import type { ProvenEntry, StreamProof } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html } from "../html.ts";
import { frame } from "../parts/frame.ts";
import { changeLink, choice, incidentLink } from "../parts/links.ts";
import { table } from "../parts/table.ts";
import { badge, code, countWords, moment } from "../parts/words.ts";
import { proofPlace } from "../places.ts";

/** Every entry of a stream with what chains it to the one before. */
export function proofPage(proof: StreamProof, pageSize: number): Html {
  const { stream, length, entries } = proof;
  const { id } = splitStream(stream);
  return frame({
    title: `Ledger of ${cut(id, 60)}`,
    section: null,
    body: html`<p class="kicker">Ledger proof</p>
      <h1>${cut(stream, 120)}</h1>
      ${verdict(proof)} ${covered(proof)}
      <p>
        Each hash is the SHA-256 of the hash before it and of the entry’s canonical JSON.
        <code>signalman audit verify</code> recomputes all streams; <code>signalman audit show</code> tells
        this one in full. ${about(id)}
      </p>
      ${pages(proof, pageSize)}
      ${table(
        `Entries of ${stream}`,
        [
          { name: "Version", form: "number", cell: ({ version }: ProvenEntry) => version },
          { name: "Position", form: "number", cell: ({ position }) => position ?? "none yet" },
          { name: "When", form: "tight", cell: ({ at }) => moment(at) },
          {
            name: "What",
            cell: ({ what, who }) => html`<strong>${cut(what, 80)}</strong> ${cut(who, 120)}`,
          },
          {
            name: "Hash, and the one before it",
            cell: ({ hash, prevHash }) =>
              html`<div class="hashes">${code(hash)}<span>after ${code(prevHash)}</span></div>`,
          },
        ],
        entries,
      )}
      <p class="note">${countWords(length, "entry", "entries")} in this stream.</p>`,
  });
}

function verdict({ fault, length }: StreamProof): Html {
  if (fault === null) {
    return html`<p class="verdict">
      ${badge("intact", "good")} ${countWords(length, "entry", "entries")}: every hash recomputed just now, no
      version missing.
    </p>`;
  }
  return html`<p class="verdict">${badge("broken", "bad")} At version ${fault.version}: ${fault.reason}</p>`;
}

function covered({ checkpoint }: StreamProof): Html {
  if (checkpoint === null) {
    return html`<p>No checkpoint covers all of it yet; one is made within a minute of the newest entry.</p>`;
  }
  const { origin, size, root } = checkpoint;
  return html`<p>
    The checkpoint of ${countWords(size, "entry", "entries")} covers it: ${code(origin)}, root ${code(root)}.
    Its signature is checked by <code>signalman audit verify</code>, with keys that lie outside of the
    database.
  </p>`;
}

function about(id: string): Html | false {
  const incident = IncidentId.safeParse(id);
  if (incident.success) return html`It tells of incident ${incidentLink(incident.data)}.`;
  const change = ChangeId.safeParse(id);
  return change.success && html`It tells of change ${changeLink(change.data)}.`;
}

function pages({ stream, length }: StreamProof, pageSize: number): Html | false {
  if (length <= pageSize) return false;
  const count = Math.min(Math.ceil(length / pageSize), 200);
  return choice(
    "Parts of the stream",
    Array.from({ length: count }, (_, page) => ({
      name: `${page * pageSize + 1}–${Math.min(length, (page + 1) * pageSize)}`,
      place: `${proofPlace(stream)}?from=${page * pageSize + 1}`,
      chosen: false,
    })),
  );
}
