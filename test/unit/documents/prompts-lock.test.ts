import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { loadPrompts } from "../../../src/documents/load-prompts.ts";
import { checkPrompts, choosePrompt } from "../../../src/pipeline/drafting/choose-prompt.ts";

/** Prompt → version → hash. Old versions stay: what the ledger says of them must remain true. */
const Lock = z.record(z.string(), z.record(z.string(), z.string()));

const prompts = loadPrompts("prompts");
const lock = Lock.parse(JSON.parse(readFileSync("prompts/lock.json", "utf8")));

describe("the shipped prompts", () => {
  test.each(prompts.map(({ id, version, hash }) => ({ id, version, hash })))(
    "$id is the one that prompts/lock.json holds for version $version",
    ({ id, version, hash }) => {
      const locked = lock[id]?.[version];
      expect(
        locked,
        `prompts/${id}.md differs from its locked version ${version}. Raise its version and add to prompts/lock.json, under "${id}": "<new version>": "<hash>". The hash now is ${hash}`,
      ).toBe(hash);
    },
  );

  test("no version of a prompt has a hash of another, and the newest is the one in use", () => {
    for (const [id, versions] of Object.entries(lock)) {
      expect(new Set(Object.values(versions)).size).toBe(Object.keys(versions).length);
      const newest = Math.max(...Object.keys(versions).map(Number));
      expect(prompts.find((prompt) => prompt.id === id)?.version).toBe(String(newest));
    }
  });

  test("all profiles can be filled in, and none holds a placeholder afterwards", () => {
    checkPrompts(prompts);
    for (const profile of ["default", "terse"]) {
      const { prompt, instructions, insteadOf } = choosePrompt(prompts, profile);
      expect(insteadOf).toBeNull();
      expect(prompt.id).toBe(profile === "default" ? "assess" : `assess-${profile}`);
      expect(instructions).not.toContain("{{");
      expect(instructions).toMatch(/\*\*data\*\*/);
    }
  });
});
