import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ToolOperation } from "../../../src/domain/flag/operation.ts";
import { sameBehaviour } from "../../../src/domain/flag/flag.ts";
import { applyCall } from "../../../src/domain/flag/call.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import { alice, createCheckoutWorld } from "./checkout-world.ts";

const PAIRS = 28;

// A person's write and ours start from the same flag; FeatBit lets one of the two vanish without a word (contract §0.4).

for (const ours of ["toggle", "targeting"] as const) {
  test(`${ours} of ours beside a person's ${ours === "toggle" ? "targeting" : "toggle"}: every loss is told`, async () => {
    await using world = await createCheckoutWorld({ writeWindowMs: 10, settleMs: 60 });
    const counts = { kept: 0, conflicted: 0, theirsLost: 0, oursLost: 0, restored: 0 };

    for (let pair = 0; pair < PAIRS; pair++) {
      const key = "banner";
      if (ours === "targeting") await world.featbit.as(alice).toggle({ env: "shop/prod", key }, true);
      const before = await world.read(key);
      const wasOn = before.flag.isEnabled;
      const served = before.flag.fallthrough.variations[0]?.id;
      const other = before.flag.variations.find(({ id }) => id !== served)?.id ?? "";
      const retarget = {
        dispatchKey: null,
        includedInExpt: true,
        variations: [{ id: other, rollout: [0, 1] as [number, number], exptRollout: 1 }],
      };
      const serve: ToolOperation = { tool: "flag.serve_variation", rule: null, variationId: other };
      const toggle: ToolOperation = wasOn ? { tool: "flag.turn_off" } : { tool: "flag.turn_on" };
      const planned = ours === "toggle" ? toggle : serve;
      const plan = await world.plan(planned, key);
      const person = world.featbit.as(alice);
      let rival: Promise<unknown> = Promise.resolve();
      const outcome = await world.writer.apply({
        plan,
        operationId: `OP-${ours}-${pair}-${crypto.randomUUID()}`,
        comment: "race",
        stillOurs: async () => {
          // Who starts first, and by how many milliseconds, goes back and forth over the write window.
          const leadMs = ((pair % 7) - 3) * 2;
          const theirs = async () => {
            await sleep(Math.max(0, -leadMs));
            return ours === "toggle"
              ? person.retarget({ env: "shop/prod", key }, { fallthrough: retarget })
              : person.toggle({ env: "shop/prod", key }, false);
          };
          rival = theirs().catch(() => undefined);
          await sleep(Math.max(0, leadMs));
          return true;
        },
      });
      await rival;

      const { flag } = await world.read(key);
      const oursStands = sameBehaviour(flag, applyCall(flag, plan.forward));
      const theirsRan = world.featbit.mutations.some(
        ({ actor, revisionBefore }) => actor !== "signalman-write" && revisionBefore === before.flag.revision,
      );
      const theirsStands = ours === "toggle" ? flag.fallthrough.variations[0]?.id === other : !flag.isEnabled;

      if (outcome.kind === "conflicted") {
        counts.conflicted++;
        continue;
      }
      if (outcome.kind !== "applied") throw new Error(JSON.stringify(outcome));
      if (oursStands && (theirsStands || !theirsRan)) {
        counts.kept++;
        // Broken without a loss: a toggle that landed on a state nobody approved, which is told too.
        if (outcome.chain.kind === "broken") expect(outcome.chain.lost[0]).toMatch(/^Nothing was lost/);
        else expect(outcome.chain.kind).toBe("intact");
        continue;
      }
      expect(outcome.chain, JSON.stringify({ pair, oursStands, theirsStands })).toMatchObject({
        kind: "broken",
      });
      if (outcome.chain.kind !== "broken") continue;
      if (oursStands) {
        counts.theirsLost++;
        expect(outcome.chain.by).toBe("Alice");
        expect(outcome.chain.lost.join("\n")).toMatch(
          ours === "toggle" ? /Default rule: / : /Flag: on → off/,
        );
      } else {
        counts.oursLost++;
        expect(outcome.chain.lost[0]).toMatch(/^Our own change was overwritten/);
        expect(outcome.chain.by).toBe("signalman-write (access token)");
      }
      // The one call that is offered really brings both together.
      const { restore } = outcome.chain;
      if (restore === null) throw new Error("one call would be enough here");
      const healed = applyCall(flag, restore);
      expect(sameBehaviour(healed, applyCall(healed, plan.forward))).toBe(true);
      const because = { kind: "overwritten", auditEntryId: outcome.chain.auditEntryId } as const;
      const tool =
        restore.call === "toggle"
          ? restore.enabled
            ? "flag.turn_on"
            : "flag.turn_off"
          : "flag.serve_variation";
      const compiled = compile({ tool, restores: restore, because }, await world.read(key));
      if (compiled.kind !== "plan") throw new Error(JSON.stringify(compiled));
      expect(await world.apply(compiled.plan)).toMatchObject({ kind: "applied", chain: { kind: "intact" } });
      counts.restored++;
    }
    process.stdout.write(`${PAIRS} raced pairs, ours ${ours}: ${JSON.stringify(counts)}\n`);
    expect(counts.theirsLost + counts.oursLost).toBeGreaterThan(0);
    expect(counts.restored).toBe(counts.theirsLost + counts.oursLost);
  });
}

test("two people switch the same flag the same way at once: nothing is lost, nothing is claimed", async () => {
  await using world = await createCheckoutWorld({ writeWindowMs: 10, settleMs: 60 });
  for (let pair = 0; pair < 6; pair++) {
    const { flag } = await world.read();
    const plan = await world.plan(flag.isEnabled ? { tool: "flag.turn_off" } : { tool: "flag.turn_on" });
    let rival: Promise<unknown> = Promise.resolve();
    const outcome = await world.writer.apply({
      plan,
      operationId: crypto.randomUUID(),
      comment: "",
      stillOurs: async () => {
        rival = world.featbit.as(alice).toggle({ env: "shop/prod", key: "new-checkout" }, !flag.isEnabled);
        return true;
      },
    });
    await rival;
    if (outcome.kind === "applied") expect(outcome.chain).toEqual({ kind: "intact" });
    else expect(outcome.kind).toBe("conflicted");
    expect((await world.read()).flag.isEnabled).toBe(!flag.isEnabled);
  }
});
