/** JSON text with numbers as .NET writes them: `1E-07`, and exponents from below 0.0001 on. */
export function toWireJson(value: unknown): string {
  return JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : dotnetNumber(token),
  );
}

function dotnetNumber(token: string): string {
  const value = Number(token);
  if (value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15)) return token;
  const [digits = "", exponent = "+0"] = value.toExponential().split("e");
  return `${digits}E${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** JSON as .NET's default encoder writes it: quotes, HTML characters and everything outside ASCII as `\uXXXX`. */
export function toDotnetJson(value: unknown): string {
  return toWireJson(value).replace(/\\\\|\\"|[<>&'+`\u007f-\uffff]/g, (match) => {
    if (match === "\\\\") return match;
    const unit = match === '\\"' ? 0x22 : match.charCodeAt(0);
    return `\\u${unit.toString(16).toUpperCase().padStart(4, "0")}`;
  });
}
