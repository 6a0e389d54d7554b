/**
 * Text as a text column can hold it: U+0000 and lone surrogates, which PostgreSQL and UTF-8 have no place for,
 * become U+FFFD. For keys that are looked up: apply it on both sides.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
