import { z } from "zod";
import type { Variation } from "../flag/flag.ts";
import { Tool } from "../flag/operation.ts";
import { type ControlReading, safeControls } from "./controls.ts";
import { authority, Mode } from "./mode.ts";

/** What the controls are read as. */
export type ControlValues = Omit<ControlReading, "evaluations" | "lowered">;
export type ControlName = keyof ControlValues;

/** One of Signalman's own flags: how it must be made so that its answers can be read, and what is safe. */
export interface ControlFlag {
  name: ControlName;
  key: string;
  variationType: "string" | "boolean" | "json";
  about: string;
  /** What it may serve from the start; the first is served while on, `off` while switched off. */
  values: readonly string[];
  off: string;
}

/** A value of this control; other texts count as no answer. */
const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/);
const truth = (text: string): boolean | undefined =>
  text === "true" || text === "false" ? text === "true" : undefined;

/** A control's value is text in FeatBit whatever its type there. Undefined: it is not one. */
export const controlParsers: { [C in ControlName]: (text: string) => ControlValues[C] | undefined } = {
  mode: (text) => Mode.safeParse(text).data,
  approvalRequired: truth,
  deniedTools: (text) => z.array(z.string()).safeParse(jsonOf(text)).data,
  promptProfile: (text) => Name.safeParse(text).data,
  modelRoute: (text) => Name.safeParse(text).data,
  investigation: truth,
};

export const controlFlags: readonly ControlFlag[] = [
  {
    name: "mode",
    key: "signalman-mode",
    variationType: "string",
    about: "The most that Signalman may do: see the table of modes in docs/architecture.md",
    values: [safeControls.mode, ...Mode.options.filter((mode) => mode !== safeControls.mode)],
    off: safeControls.mode,
  },
  {
    name: "approvalRequired",
    key: "signalman-approval-required",
    variationType: "boolean",
    about: "True: standing approvals do not count. It never removes the need for a click",
    values: ["true", "false"],
    off: "true",
  },
  {
    name: "deniedTools",
    key: "signalman-denied-tools",
    variationType: "json",
    about: "Tools that may not be used, as a JSON list; switched off, no flag may be changed",
    values: ["[]", JSON.stringify(Tool.options)],
    off: JSON.stringify(Tool.options),
  },
  {
    name: "promptProfile",
    key: "signalman-prompt-profile",
    variationType: "string",
    about: "Which prompt the model gets: prompts/assess-<profile>.md",
    values: [safeControls.promptProfile],
    off: safeControls.promptProfile,
  },
  {
    name: "modelRoute",
    key: "signalman-model-route",
    variationType: "string",
    about: "Which of model.routes is asked; rules: none",
    values: [safeControls.modelRoute, "rules"],
    off: safeControls.modelRoute,
  },
  {
    name: "investigation",
    key: "signalman-investigation",
    variationType: "boolean",
    about: "Whether the model may call read tools before it concludes",
    values: ["false", "true"],
    off: "false",
  },
];

/** What is set on every one of them, and what contracts block. */
export const controlsTag = "signalman-controls";

/** True for a flag that decides what Signalman itself may do: no change of a flag may reach it. */
export function isControlKey(key: string): boolean {
  return controlFlags.some((each) => each.key === key);
}

export function controlFlagOf(name: ControlName): ControlFlag {
  const found = controlFlags.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the control ${name} has no flag`);
  return found;
}

/** A control as FeatBit has it, as far as it is judged. */
export interface ControlState {
  variationType: string;
  variations: readonly Pick<Variation, "id" | "value">[];
  disabledVariationId: string;
  isArchived: boolean;
}

/** What is wrong with how a control was made; what it serves is for people to choose and is not judged. */
export function faultsOfControl({ name, key, variationType }: ControlFlag, state: ControlState): string[] {
  const faults: string[] = [];
  if (state.isArchived) faults.push(`${key} is archived; restore it in FeatBit`);
  if (state.variationType !== variationType) {
    faults.push(
      `${key} is of type ${state.variationType || "none"} and must be ${variationType}; delete it and run "signalman controls create"`,
    );
    return faults;
  }
  const wrong = state.variations.filter(({ value }) => controlParsers[name](value) === undefined);
  if (wrong.length > 0) {
    const shown = wrong.map(({ value }) => `"${value.slice(0, 60)}"`).join(", ");
    faults.push(`${key} can serve ${shown}, which is no value of it; correct or remove that variation`);
  }
  const off = state.variations.find(({ id }) => id === state.disabledVariationId);
  if (off === undefined || !isSafe(name, off.value)) {
    const { off: safe } = controlFlagOf(name);
    faults.push(
      `${key} serves "${off?.value.slice(0, 60) ?? "nothing"}" while it is switched off; make ${safe} its off variation`,
    );
  }
  return faults;
}

/** No more than what stands while FeatBit does not answer. */
function isSafe(name: ControlName, text: string): boolean {
  const value = controlParsers[name](text);
  if (value === undefined) return false;
  if (name === "mode") return authority(Mode.parse(value)) <= authority(safeControls.mode);
  return name === "deniedTools" || value === safeControls[name];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
