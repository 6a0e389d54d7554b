import { readFileSync } from "node:fs";
import { z } from "zod";
import { publicCorpus } from "../../support/public-corpora.ts";

/** Texts that make terminals, parsers of logs and databases do something. */
const own = [
  "\u001b[2J\u001b[31mred\u001b[0m",
  "\u001b]0;title\u0007\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007",
  "\u009b31m one byte, if it is read as Latin-1",
  'first\n{"level":"info","msg":"all is well"}\nlast',
  '"}\r\n{"level":"error","msg":"forged"}',
  "\u2028line\u2029paragraph\u0085next line",
  "nul \u0000 in the middle",
  "\ud800 alone, and \udfff alone",
  "back\b\b\bspace and bell \u0007",
  "%s %d %o ${jndi:ldap://127.0.0.1/a} {{constructor}}",
  "__proto__",
  "constructor",
];

/** The Big List of Naughty Strings where it is there, and always our own. */
export function naughtyStrings(): string[] {
  const path = publicCorpus("blns.json");
  const list = path === null ? [] : z.array(z.string()).parse(JSON.parse(readFileSync(path, "utf8")));
  return [...own, ...list];
}

/** The plain form of an alert with this text wherever one may stand, in names too. */
export function everywhere(text: string): Record<string, unknown> {
  return {
    title: text,
    summary: text,
    description: text,
    status: text,
    severity: text,
    service: text,
    environment: text,
    fingerprint: text,
    startsAt: text,
    endsAt: text,
    labels: Object.fromEntries([
      ["note", text],
      [text, text],
    ]),
    links: [text, `https://evil.example/${text}`],
    [text]: text,
  };
}

/** What of a text a header can carry. */
export function asHeader(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e\u00a0-\u00ff]/g, "").trim();
}
