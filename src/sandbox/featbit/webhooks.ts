import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { toDotnetJson } from "./dotnet-json.ts";
import { newGuid } from "./guid.ts";
import { toSevenDigits } from "./instants.ts";
import type { Change, Sandbox } from "./sandbox.ts";
import { describeChange, eventsOf } from "./webhook-events.ts";
import { findEnv, referencingFlags } from "./world.ts";
import type { Flag, Segment, Webhook } from "./world.ts";

const ATTEMPTS = 3;
const RETRY_AFTER_MS = 2000;
const TIMEOUT_MS = 10_000;

export type Delivery = {
  id: string;
  webhookId: string;
  events: string;
  attempts: number;
  delivered: boolean;
};

export type Webhooks = AsyncDisposable & { readonly deliveries: Delivery[] };

/** Fire and forget after a change: three attempts two seconds apart, then forgotten; not the client's concern. */
export function createWebhooks(sandbox: Sandbox, retryAfterMs = RETRY_AFTER_MS): Webhooks {
  const deliveries: Delivery[] = [];
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  const notify = (subject: Flag | Segment, before: Flag | Segment | undefined, change: Change) => {
    const run = sendAll(subject, before, change).catch(() => undefined);
    running.add(run);
    void run.finally(() => running.delete(run));
  };
  sandbox.listeners.flagChange.push(notify);
  sandbox.listeners.segmentChange.push(notify);

  async function sendAll(
    subject: Flag | Segment,
    before: Flag | Segment | undefined,
    change: Change,
  ): Promise<void> {
    const kind = "revision" in subject ? "flag" : "segment";
    const events = eventsOf(kind, change);
    // A description set to null stops the change from being described, so nothing goes out.
    if (events.length === 0 || subject.description === null) return;
    const body = render(sandbox, subject, events, describeChange(subject, before, change), change);
    if (!isJson(body)) return; // a newline or a lone backslash in a text breaks the default template
    for (const webhook of sandbox.world.webhooks.filter((hook) =>
      isSubscribed(sandbox, hook, subject.envId, events),
    )) {
      await deliver(webhook, events.join(","), body);
    }
  }

  async function deliver(webhook: Webhook, events: string, body: string): Promise<void> {
    const delivery: Delivery = {
      id: newGuid(),
      webhookId: webhook.id,
      events,
      attempts: 0,
      delivered: false,
    };
    deliveries.push(delivery);
    const headers: Record<string, string> = {
      "content-type": "application/json; charset=utf-8",
      "X-FeatBit-Delivery": delivery.id,
      "X-FeatBit-Event": events,
      "X-FeatBit-Hook-ID": webhook.id,
      ...(webhook.secret && { "X-FeatBit-Signature-256": `sha256=${sign(webhook.secret, body)}` }),
      ...Object.fromEntries(webhook.headers.map(({ key, value }) => [key, value])),
    };
    while (delivery.attempts < ATTEMPTS && !delivery.delivered && !stop.signal.aborted) {
      if (delivery.attempts > 0) await sleep(retryAfterMs, undefined, { signal: stop.signal });
      delivery.attempts += 1;
      delivery.delivered = await post(webhook.url, headers, body);
    }
  }

  async function post(url: string, headers: Record<string, string>, body: string): Promise<boolean> {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  return {
    deliveries,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

export const sign = (secret: string, body: string): string =>
  createHmac("sha256", secret).update(body).digest("hex");

function isSubscribed(sandbox: Sandbox, webhook: Webhook, envId: string, events: readonly string[]): boolean {
  const project = findEnv(sandbox.world, envId)?.project;
  const inScope = webhook.scopes.some((scope) => {
    const [projectId, envs = ""] = scope.split("/");
    return projectId === project?.id && envs.split(",").includes(envId);
  });
  return webhook.isActive && inScope && events.some((event) => webhook.events.includes(event));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `{{x}}` of the default template: HTML-escaped, which is not JSON-escaped. */
const escaped = (text: string): string =>
  text.replace(/[&<>"\u00a0-\uffff]/g, (unit) => {
    const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
    return names[unit] ?? `&#${unit.charCodeAt(0)};`;
  });

function render(
  sandbox: Sandbox,
  subject: Flag | Segment,
  events: readonly string[],
  changes: readonly string[],
  change: Change,
): string {
  const found = findEnv(sandbox.world, subject.envId);
  const { organization } = sandbox.world;
  const named = (id = "", name = "") => `{\n    "id": "${id}",\n    "name": "${escaped(name)}"\n  }`;
  return `{
  "event": "${events.join(",")}",
  "operator": "${escaped(change.actorName ?? "System")}",
  "happenedAt": "${toSevenDigits(change.at)}",
  "changes": ${toDotnetJson(changes)},
  "organization": ${named(organization.id, organization.name)},
  "project": ${named(found?.project.id, found?.project.name)},
  "environment": ${named(found?.env.id, found?.env.name)},
  "data": {
    "kind": "${"revision" in subject ? "feature flag" : "segment"}",
    "object": {
      "id": "${subject.id}",
      "name": "${escaped(subject.name)}",
      "description": "${escaped(subject.description ?? "")}",
      "tags": ${toDotnetJson(subject.tags)},
${("revision" in subject ? flagLines(subject) : segmentLines(sandbox, subject)).map((line) => `      ${line},\n`).join("")}      "isArchived": ${subject.isArchived}
    }
  }
}`;
}

const flagLines = (flag: Flag): string[] => [
  `"key": "${flag.key}"`,
  `"variationType": "${flag.variationType}"`,
  `"variations": ${toDotnetJson(flag.variations)}`,
  `"targetUsers": ${toDotnetJson(flag.targetUsers)}`,
  `"rules": ${toDotnetJson(flag.rules)}`,
  `"isEnabled": ${flag.isEnabled}`,
  `"disabledVariationId": "${escaped(flag.disabledVariationId)}"`,
  `"fallthrough": ${toDotnetJson(flag.fallthrough)}`,
  `"exptIncludeAllTargets": ${flag.exptIncludeAllTargets}`,
];

const segmentLines = (sandbox: Sandbox, segment: Segment): string[] => {
  const references = referencingFlags(sandbox.world, segment.id);
  return [
    `"included": ${toDotnetJson(segment.included)}`,
    `"excluded": ${toDotnetJson(segment.excluded)}`,
    `"rules": ${toDotnetJson(segment.rules)}`,
    `"flagReferences": ${toDotnetJson(references.map(({ envId, id, name, key }) => ({ envId, id, name, key })))}`,
  ];
};
