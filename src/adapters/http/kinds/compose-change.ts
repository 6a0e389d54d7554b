import type { Instant } from "../../../domain/ids.ts";
import type { OutsideChange } from "../../../domain/outside-change.ts";
import { firstInstant, labelsOf } from "./compose-alert.ts";
import { firstText, limits, toFingerprint, toLinks } from "./normalise.ts";

/** What a kind found about a change, as it stands there: anything may be anything. The first usable of a list counts. */
export interface ChangePieces {
  /** What is the same for every news of this change. */
  id: unknown;
  kind: OutsideChange["kind"];
  state: OutsideChange["state"];
  title: readonly unknown[];
  version?: readonly unknown[];
  author?: readonly unknown[];
  at?: readonly unknown[];
  /** Later ones win. */
  labels?: readonly unknown[];
  links?: readonly unknown[];
}

/** Makes an outside change of its pieces, within the limits of one. */
export function composeChange(pieces: ChangePieces, sourceId: string, receivedAt: Instant): OutsideChange {
  const title = firstText(limits.title, ...pieces.title, `Change reported by ${sourceId}`);
  const labels = labelsOf(pieces.labels ?? []);
  return {
    sourceId,
    id: toFingerprint(pieces.id, { ...labels, title }),
    kind: pieces.kind,
    state: pieces.state,
    title,
    version: firstText(200, ...(pieces.version ?? [])),
    author: firstText(200, ...(pieces.author ?? [])),
    at: firstInstant(pieces.at ?? [], receivedAt) ?? receivedAt,
    labels,
    links: toLinks(pieces.links ?? []),
  };
}
