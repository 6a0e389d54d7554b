import { type IFbClient, type IUser, ReasonKinds, UserBuilder } from "@featbit/node-server-sdk";
import { trace } from "@opentelemetry/api";
import { Tool } from "../../domain/flag/operation.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import { controlFlagOf, type ControlName, controlParsers } from "../../domain/policy/control-flags.ts";
import {
  type ControlContext,
  type ControlReading,
  type EvaluatedControl,
  safeControls,
} from "../../domain/policy/controls.ts";

export type Evaluated = EvaluatedControl;

type Values = Omit<ControlReading, "evaluations" | "lowered">;

/** What a single control falls back to while FeatBit answers otherwise: a denylist nobody can read denies every write. */
const singleDefaults: Values = { ...safeControls, deniedTools: [...Tool.options] };

/** Evaluates every control for one context. Never throws; a control without a usable answer has its safe default. */
export async function readControls(client: IFbClient, context: ControlContext): Promise<ControlReading> {
  const user = userOf(context);
  const evaluations: Evaluated[] = [];

  async function control<C extends ControlName>(name: C): Promise<Values[C]> {
    const { key } = controlFlagOf(name);
    const fallBack = (why: string): Values[C] => {
      const value = defaultText(name, singleDefaults);
      evaluations.push({ key, value, reason: plainText(`${why}; the safe default stands`) });
      return singleDefaults[name];
    };
    const answer = await evaluate(client, key, user);
    if ("why" in answer) return fallBack(answer.why);
    const value = controlParsers[name](answer.text);
    if (value === undefined)
      return fallBack(`"${plainText(answer.text, 60)}" is not a value of this control`);
    evaluations.push({ key, value: plainText(answer.text, 1000), reason: plainText(answer.reason) });
    trace.getActiveSpan()?.addEvent("feature_flag.evaluation", {
      "feature_flag.key": key,
      "feature_flag.provider.name": "featbit",
      "feature_flag.context.id": context.incidentId,
      "feature_flag.result.value": plainText(answer.text, 100),
    });
    return value;
  }

  return {
    mode: await control("mode"),
    approvalRequired: await control("approvalRequired"),
    deniedTools: await control("deniedTools"),
    promptProfile: await control("promptProfile"),
    modelRoute: await control("modelRoute"),
    investigation: await control("investigation"),
    lowered: [],
    evaluations,
  };
}

export function defaultText(name: ControlName, values: Values): string {
  const value = values[name];
  return typeof value === "object" ? JSON.stringify(value) : String(value);
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
