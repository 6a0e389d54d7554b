/** What Slack would make of a mrkdwn text beyond formatting it. Dates that code made are none of it. */
export interface Special {
  mentions: string[];
  broadcasts: string[];
  links: string[];
}

const date = /^<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>$/;

/** Reads a text from left to right as Slack does: first what stands in angle brackets, then names and addresses in the rest. */
export function parseMrkdwn(text: string): Special {
  const found: Special = { mentions: [], broadcasts: [], links: [] };
  let rest = "";
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("<", at);
    const close = open === -1 ? -1 : text.indexOf(">", open);
    if (open === -1 || close === -1) break;
    rest += text.slice(at, open);
    const token = text.slice(open, close + 1);
    at = close + 1;
    if (date.test(token)) continue;
    if (token.startsWith("<!")) found.broadcasts.push(token);
    else if (/^<[@#]/.test(token)) found.mentions.push(token);
    else found.links.push(token);
  }
  rest += text.slice(at);
  found.broadcasts.push(...(rest.match(/@(?:here|channel|everyone)\b/gi) ?? []));
  found.links.push(...(rest.match(/\b[a-z][a-z0-9+.-]*:\/\/[^\s|]+/gi) ?? []));
  return found;
}
