/**
 * The known word that a person probably meant: at most a third of its letters wrong (an exchange of two
 * neighbours counts once), capitals ignored; of equals the one with the longer common beginning. Null when
 * nothing is near. Words over 64 characters match nothing.
 */
export function closestWord(typed: string, known: Iterable<string>): string | null {
  const wanted = typed.toLowerCase();
  if (wanted.length > 64) return null;
  let best: { word: string; distance: number; prefix: number } | null = null;
  for (const word of known) {
    const distance = editDistance(wanted, word.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, word.length) / 3));
    if (distance > allowed || (best !== null && distance > best.distance)) continue;
    const prefix = commonPrefix(wanted, word.toLowerCase());
    if (best === null || distance < best.distance || prefix > best.prefix) best = { word, distance, prefix };
  }
  return best?.word ?? null;
}

/** ` Did you mean "x"?`, or nothing. Made to be put behind a sentence. */
export function suggestion(typed: string, known: Iterable<string>): string {
  const word = closestWord(typed, known);
  return word === null ? "" : ` Did you mean "${word}"?`;
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** Optimal string alignment: insertions, deletions, substitutions and exchanges of neighbours. */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(older, column - 2) + 1);
      }
      current.push(cost);
    }
    older = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
