import { anything, byType, flag, integer, list, object, oneOf, text, url, type Check } from "./shape.ts";

const style = object(
  {},
  { bold: flag, italic: flag, strike: flag, code: flag, underline: flag, highlight: flag },
);
const id = text(255);

const inline: Check = byType({
  text: object({ type: anything, text: text(3000) }, { style }),
  link: object({ type: anything, url }, { text: text(3000), unsafe: flag, style }),
  emoji: object({ type: anything, name: text(100) }, { unicode: text(100), url, style }),
  user: object({ type: anything, user_id: id }, { style }),
  usergroup: object({ type: anything, usergroup_id: id }, { style }),
  channel: object({ type: anything, channel_id: id }, { style }),
  team: object({ type: anything, team_id: id }, { style }),
  broadcast: object({ type: anything, range: oneOf("here", "channel", "everyone") }, { style }),
  color: object({ type: anything, value: text(20) }, { style }),
  date: object(
    { type: anything, timestamp: integer(0, 9_999_999_999), format: text(200) },
    { url, fallback: text(300), style },
  ),
});

const section: Check = object({ type: oneOf("rich_text_section"), elements: list(inline, 1000, 0) });
const border = integer(0, 1);

export const richText: Check = object(
  {
    type: oneOf("rich_text"),
    elements: list(
      byType({
        rich_text_section: section,
        rich_text_list: object(
          { type: anything, style: oneOf("bullet", "ordered"), elements: list(section, 1000) },
          { indent: integer(0, 8), offset: integer(0, 10_000), border },
        ),
        rich_text_quote: object({ type: anything, elements: list(inline, 1000) }, { border }),
        rich_text_preformatted: object(
          { type: anything, elements: list(inline, 1000) },
          { border, language: text(50) },
        ),
      }),
      1000,
    ),
  },
  { block_id: text(255) },
);
