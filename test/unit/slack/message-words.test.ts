import { expect, it } from "vitest";
import { messageWords } from "../../../src/adapters/slack/message-words.ts";
import { WireMessage } from "../../../src/adapters/slack/wire.ts";

const read = (message: object) => messageWords(WireMessage.parse({ ts: "1.1", ...message }));

it.each([
  ["a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"],
  [
    "see <https://shop.example/a|the page> and <https://shop.example/b>",
    "see the page and https://shop.example/b",
  ],
  ["<!channel> <@U0RUTH> <#C0OPS|ops> <!subteam^S0REV|@reviewers>", "@channel @U0RUTH ops @reviewers"],
  ["unpaired <!here", "unpaired <!here"],
  ["&lt;!channel&gt;", "<!channel>"],
])("reads %j as %j", (text, words) => {
  expect(read({ text })).toBe(words);
});

it("reads other apps' messages by their attachments, and never more than there is room for", () => {
  const attachments = [
    { title: "CPU high", text: "node-1", fallback: "CPU high: node-1" },
    { fallback: "disk full" },
  ];
  expect(read({ text: "", attachments })).toBe("CPU high\nnode-1\ndisk full");
  expect(read({ text: null })).toBe("");
  expect(read({ text: "<".repeat(40_000) })).toHaveLength(4000);
});
