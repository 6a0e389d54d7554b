/** FeatBit's column: a longer comment leaves the flag changed, unaudited and unpublished (contract §0.6). */
const LIMIT = 512;

/**
 * The comment of a write: the operation id first, by which the write is found again, then `words`. Counted in code
 * points as FeatBit does; U+0000 and half surrogate pairs, which its database refuses, are taken out.
 */
export function operationComment(operationId: string, words: string): string {
  const clean = `${operationId} ${words}`.toWellFormed().replaceAll("\0", "").trim();
  const points = Array.from(clean);
  const comment = points.length <= LIMIT ? clean : `${points.slice(0, LIMIT - 1).join("")}…`;
  if (operationId.trim() === "" || !comment.startsWith(operationId)) {
    throw new Error(`An operation id must fit FeatBit's comment as it is: ${JSON.stringify(operationId)}`);
  }
  return comment;
}
