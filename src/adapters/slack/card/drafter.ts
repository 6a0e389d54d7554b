import type { Assessment, DrafterRoute } from "../../../domain/assessment.ts";
import { mrkdwn } from "../escape-text.ts";
import { sentence } from "../words.ts";

/** Who drafted, by which route, and why not by the one that was assigned. */
export function drafterLine({ route }: Assessment): string {
  const { drafter, model, prompt, fellBack, assigned, actual } = route;
  const tried = triedWords(route);
  if (drafter === "model") {
    const by = prompt === null ? "" : `, prompt ${mrkdwn(`${prompt.id}@${prompt.version}`, 80)}`;
    const other = assigned === "" || actual === assigned;
    const instead = other
      ? tried
      : ` Route ${mrkdwn(actual, 60)} instead of ${mrkdwn(assigned, 60)}.${tried}`;
    return `Drafted by ${mrkdwn(model ?? "the model", 80)}${by}.${instead} Code chose what it may pick from and checked it.`;
  }
  if (fellBack === null) return "Drafted by rules, without a model.";
  const wanted = assigned === "" ? "" : ` Assigned route: ${mrkdwn(assigned, 60)}.`;
  const others = route.steps.length > 1 ? tried : "";
  return `Drafted by rules, because ${sentence(mrkdwn(fellBack, 200))}${wanted}${others}`;
}

/** The routes that were left, each with the reason. */
function triedWords({ steps }: DrafterRoute): string {
  if (steps.length === 0) return "";
  const tried = steps
    .slice(0, 3)
    .map(({ route, because }) => `${mrkdwn(route, 60)}: ${sentence(mrkdwn(because, 120))}`);
  return ` Left before: ${tried.join(" ")}`;
}
