/**
 * A text without marks of chat templates (`<|im_end|>`, `<start_of_turn>`, `[INST]`): some compatible servers read them
 * in what users wrote for the end of it. JSON says the same afterwards, because neither `<` nor `[` before a word in
 * capitals stands outside of its strings.
 */
export function escapeMarks(text: string): string {
  return text.replaceAll("<", "\\u003c").replaceAll(/\[(?=\/?[A-Z_]+\])/g, "\\u005b");
}
