import { describe, expect, it } from "vitest";
import { run } from "../../../src/commands/controls.ts";
import { controlNamed, valueFor } from "../../../src/commands/controls/control-value.ts";
import { UsageError } from "../../../src/command.ts";
import { controlFlags, controlParsers, faultsOfControl } from "../../../src/domain/policy/control-flags.ts";

describe("signalman controls", () => {
  it.each([
    [["set", "mod", "observe"], 'Did you mean "mode"?'],
    [["set", "mode", "obsrve"], 'Did you mean "observe"?'],
    [["set", "denied-tools", "flag.turn_of"], 'Did you mean "flag.turn_off"?'],
    [["set", "investigation", "yes"], "use true, false"],
    [["set", "mode"], "Say which control, and its value"],
    [["create"], "Say with --owner"],
    [["create", "--owner", "a:b"], "Say with --owner"],
    [["list", "more"], "one word too many"],
    [["list", "--token", "api-1"], "can be read by everybody"],
    [["crate"], 'Did you mean "create"?'],
    [[], "Say what to do"],
  ])("%j is a misuse that is explained before anything is asked", async (args, words) => {
    const failure: unknown = await run(args).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect(String(failure)).toContain(words);
  });

  it.each([
    ["mode", "observe", "observe"],
    ["signalman-denied-tools", "none", "[]"],
    ["denied-tools", "flag.turn_on, flag.turn_off", '["flag.turn_on","flag.turn_off"]'],
    ["denied-tools", '["flag.turn_on"]', '["flag.turn_on"]'],
    ["prompt-profile", "sceptical", "sceptical"],
  ])("%s takes %s", (name, typed, kept) => {
    expect(valueFor(controlNamed(name), typed)).toBe(kept);
  });
});

describe("the controls as they are made", () => {
  it.each(controlFlags)("$key has only values that can be read, and no fault", (control) => {
    const variations = control.values.map((value, index) => ({ id: String(index), value }));
    for (const { value } of variations) expect(controlParsers[control.name](value)).toBeDefined();
    const off = variations.find(({ value }) => value === control.off)?.id ?? "";
    const state = {
      variationType: control.variationType,
      variations,
      disabledVariationId: off,
      isArchived: false,
    };
    expect(faultsOfControl(control, state)).toEqual([]);
    expect(faultsOfControl(control, { ...state, isArchived: true })).toHaveLength(1);
    expect(faultsOfControl(control, { ...state, variationType: "number" })).toHaveLength(1);
    expect(faultsOfControl(control, { ...state, disabledVariationId: "none" })).toHaveLength(1);
  });
});
