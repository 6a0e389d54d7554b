/** Longer texts are seldom the same twice, and would fill the memory. */
const longest = 1000;
/** Answers of one generation; two are kept, so that what is asked often outlives what is asked once. */
const mostAnswers = 1000;

/**
 * `work`, which must depend on nothing but its arguments, remembering what it answered for short texts: at most 2,000
 * answers, the least recently asked given up first.
 */
export function remembered(
  work: (text: string, limit: number) => string,
): (text: string, limit?: number) => string {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  return (text, limit = 0) => {
    if (text.length > longest) return work(text, limit);
    const key = `${limit} ${text}`;
    let answer = young.get(key);
    if (answer !== undefined) return answer;
    answer = old.get(key) ?? work(text, limit);
    if (young.size >= mostAnswers) {
      old = young;
      young = new Map();
    }
    young.set(key, answer);
    return answer;
  };
}
