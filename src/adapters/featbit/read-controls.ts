import { type IFbClient, type IUser, ReasonKinds, UserBuilder } from "@featbit/node-server-sdk";
import { z } from "zod";
import { Tool } from "../../domain/flag/operation.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import {
  type ControlContext,
  type ControlReading,
  type EvaluatedControl,
  safeControls,
} from "../../domain/policy/controls.ts";
import { Mode } from "../../domain/policy/mode.ts";

export type Evaluated = EvaluatedControl;

const keys = {
  mode: "signalman-mode",
  approvalRequired: "signalman-approval-required",
  deniedTools: "signalman-denied-tools",
  promptProfile: "signalman-prompt-profile",
  modelRoute: "signalman-model-route",
  investigation: "signalman-investigation",
} as const;
type Control = keyof typeof keys;
export type ControlKey = (typeof keys)[Control];
export const CONTROL_KEYS = Object.values(keys);

type Values = Omit<ControlReading, "evaluations">;

/** What a single control falls back to while FeatBit answers otherwise: a denylist nobody can read denies every write. */
const singleDefaults: Values = { ...safeControls, deniedTools: [...Tool.options] };

const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/);

const truth = (text: string): boolean | undefined =>
  text === "true" || text === "false" ? text === "true" : undefined;

/** A control's value is text in FeatBit whatever its type there. Undefined: it is not one. */
const parsers: { [C in Control]: (text: string) => Values[C] | undefined } = {
  mode: (text) => Mode.safeParse(text).data,
  approvalRequired: truth,
  deniedTools: (text) => z.array(z.string()).safeParse(jsonOf(text)).data,
  promptProfile: (text) => Name.safeParse(text).data,
  modelRoute: (text) => Name.safeParse(text).data,
  investigation: truth,
};

/** Evaluates every control for one context. Never throws; a control without a usable answer has its safe default. */
export async function readControls(client: IFbClient, context: ControlContext): Promise<ControlReading> {
  const user = userOf(context);
  const evaluations: Evaluated[] = [];

  async function control<C extends Control>(name: C): Promise<Values[C]> {
    const key = keys[name];
    const fallBack = (why: string): Values[C] => {
      const value = defaultText(key, singleDefaults);
      evaluations.push({ key, value, reason: plainText(`${why}; the safe default stands`) });
      return singleDefaults[name];
    };
    const answer = await evaluate(client, key, user);
    if ("why" in answer) return fallBack(answer.why);
    const value = parsers[name](answer.text);
    if (value === undefined)
      return fallBack(`"${plainText(answer.text, 60)}" is not a value of this control`);
    evaluations.push({ key, value: plainText(answer.text, 1000), reason: plainText(answer.reason) });
    return value;
  }

  return {
    mode: await control("mode"),
    approvalRequired: await control("approvalRequired"),
    deniedTools: await control("deniedTools"),
    promptProfile: await control("promptProfile"),
    modelRoute: await control("modelRoute"),
    investigation: await control("investigation"),
    evaluations,
  };
}

export function defaultText(key: ControlKey, values: Values): string {
  switch (key) {
    case "signalman-mode":
      return values.mode;
    case "signalman-approval-required":
      return String(values.approvalRequired);
    case "signalman-denied-tools":
      return JSON.stringify(values.deniedTools);
    case "signalman-prompt-profile":
      return values.promptProfile;
    case "signalman-model-route":
      return values.modelRoute;
    case "signalman-investigation":
      return String(values.investigation);
  }
}

const unanswered: ReadonlySet<string> = new Set([
  ReasonKinds.ClientNotReady,
  ReasonKinds.FlagNotFound,
  ReasonKinds.Error,
  ReasonKinds.WrongType,
]);

/** Some operators throw out of the SDK, and synchronously: contract §3.4. */
async function evaluate(
  client: IFbClient,
  key: string,
  user: IUser,
): Promise<{ text: string; reason: string } | { why: string }> {
  try {
    const { kind, reason = kind, value } = await client.stringVariationDetail(key, user, "");
    return unanswered.has(kind) || value === undefined ? { why: reason } : { text: value, reason };
  } catch (error) {
    const words = error instanceof Error ? error.message : "it threw";
    return { why: `the FeatBit SDK failed over this flag (${words})` };
  }
}

/** Every attribute, always, as text: a rule on a missing one throws, and numbers are not compared as text. */
function userOf({ incidentId, ...attributes }: ControlContext): IUser {
  const builder = new UserBuilder(incidentId).name(incidentId);
  for (const [name, value] of Object.entries(attributes)) builder.custom(name, value);
  return builder.build();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
