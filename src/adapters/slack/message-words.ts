import type { WireMessage } from "./wire.ts";

/**
 * The words of a message as its reader sees them, on one line a part: links by their names, mentions by what stands in
 * them, Slack's escapes undone. Nothing is followed. It is others' text: whoever shows it escapes it.
 */
export function messageWords({ text, attachments }: WireMessage): string {
  const attached = attachments.flatMap((each) => [each.title, each.text ?? each.fallback]);
  return [text, ...attached]
    .flatMap((part) => (part == null || part.trim() === "" ? [] : [readable(part)]))
    .join("\n")
    .slice(0, 4000);
}

function readable(text: string): string {
  return text
    .replaceAll(/<([^<>|]*)(?:\|([^<>]*))?>/g, (_, target: string, words: string | undefined) => {
      return words === undefined || words === "" ? target.replace(/^!(?:subteam\^)?/, "@") : words;
    })
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
