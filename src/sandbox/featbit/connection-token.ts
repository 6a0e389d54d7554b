const LETTERS = "QBWSPHDXZU";

const encode = (value: number, width: number): string =>
  Array.from(String(value).padStart(width, "0"), (digit) => LETTERS[Number(digit)]).join("");

function decode(text: string): number {
  const digits = Array.from(text, (letter) => LETTERS.indexOf(letter));
  return digits.length === 0 || digits.includes(-1) ? Number.NaN : Number(digits.join(""));
}

/** The SDK's connection token: the secret with the time spliced in. Obfuscation, not encryption. */
export function encodeConnectionToken(secret: string, atMs: number, position = 10): string {
  const bare = secret.replace(/=+$/, "");
  const length = String(atMs).length;
  return (
    encode(position, 3) +
    encode(length, 2) +
    bare.slice(0, position) +
    encode(atMs, length) +
    bare.slice(position)
  );
}

export function decodeConnectionToken(token: string): { secret: string; timestampMs: number } | undefined {
  const position = decode(token.slice(0, 3));
  const length = decode(token.slice(3, 5));
  const rest = token.slice(5);
  if (!(position >= 2) || !(length >= 1) || position + length > rest.length) return undefined;
  const timestampMs = decode(rest.slice(position, position + length));
  if (Number.isNaN(timestampMs)) return undefined;
  return { secret: rest.slice(0, position) + rest.slice(position + length), timestampMs };
}
