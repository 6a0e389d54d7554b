/**
 * The id of the environment that an SDK secret belongs to, or null for a text that is no SDK secret: 44 characters, of
 * which the second half is the id in .NET's byte order (contract §1.6).
 */
export function environmentIdOf(secret: string): string | null {
  if (!/^[A-Za-z0-9_-]{44}$/.test(secret)) return null;
  const bytes = Buffer.from(secret.slice(22).replaceAll("_", "/").replaceAll("-", "+"), "base64");
  if (bytes.length !== 16) return null;
  const part = (from: number, to: number) => bytes.subarray(from, to).toReversed();
  const hex = Buffer.concat([part(0, 4), part(4, 6), part(6, 8), bytes.subarray(8)]).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
