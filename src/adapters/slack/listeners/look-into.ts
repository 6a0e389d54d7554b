import { toInstant } from "../../../domain/ids.ts";
import { answerLines, failureLines, tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { inPersonSpan } from "../in-person-span.ts";
import { messageWords } from "../message-words.ts";
import { lookIntoCallback, LookIntoMetadata, lookIntoModal } from "../modals/look-into-modal.ts";
import { openModal, type Prepared } from "../modals/open-modal.ts";
import { WireMessageShortcut } from "../wire.ts";
import { onForm } from "./on-submission.ts";

/** "Look into this" in the menu of any message, and its form. */
export function listenToLookInto(front: Front): void {
  const shortcut = { type: "message_action", callback_id: lookIntoCallback } as const;
  front.app.shortcut(shortcut, async ({ ack, body }) => {
    await ack();
    const parsed = WireMessageShortcut.safeParse(body);
    if (!parsed.success || parsed.data.team.id !== front.teamId || parsed.data.api_app_id !== front.appId) {
      front.log.warn(
        { intent: lookIntoCallback },
        "A shortcut was ignored: it is not of this app and workspace.",
      );
      return;
    }
    const { channel, user, trigger_id: triggerId, message } = parsed.data;
    const where = { channel: channel.id, userId: user.id };
    try {
      await inPersonSpan(front, { kind: "shortcut", name: lookIntoCallback }, () =>
        openModal(front, { ...where, triggerId }, () =>
          prepare(front, user.id, { channel: channel.id, ts: message.ts }, messageWords(message)),
        ),
      );
    } catch (error) {
      await tell(front, where, failureLines(front, error, lookIntoCallback));
    }
  });
  onForm(front, lookIntoCallback, LookIntoMetadata, ({ metadata, userId, text, choice }) => {
    const place = front.desk.environments()[Number(choice("place") ?? Number.NaN)];
    const words = text("text");
    if (place === undefined) return { kind: "errors", errors: { place: "Choose where." } };
    if (words === "") return { kind: "errors", errors: { text: "Say what should be looked into." } };
    const { service, name: environmentName } = place;
    const writtenAt = toInstant(Math.floor(Number(metadata.ts) * 1000));
    const messageId = `${metadata.channel}/${metadata.ts}`;
    return {
      kind: "act",
      act: () =>
        front.actions.lookInto({ userId, service, environmentName, text: words, writtenAt, messageId }),
    };
  });
}

async function prepare(
  front: Front,
  userId: string,
  metadata: LookIntoMetadata,
  text: string,
): Promise<Prepared> {
  const offered = await front.actions.offerPlaces({ userId, text });
  if (offered.kind !== "offered") return { kind: "tell", lines: await answerLines(front, offered) };
  const { places, named } = offered;
  const isNamed = (service: string, name: string) =>
    named !== null && named.service === service && named.environmentName === name;
  const choices = front.desk
    .environments()
    .flatMap(({ service, name }, index) =>
      places.some((place) => place.service === service && place.environmentName === name)
        ? [{ value: String(index), words: `${service} / ${name}`, named: isNamed(service, name) }]
        : [],
    );
  const initial = choices.find((choice) => choice.named)?.value ?? null;
  return { kind: "modal", view: lookIntoModal(metadata, text, choices, initial) };
}
