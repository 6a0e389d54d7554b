import type { SlackMessage, SlackView } from "./records.ts";

type What =
  | {
      readonly kind: "message_posted" | "message_updated" | "message_deleted";
      readonly message: SlackMessage;
    }
  | {
      readonly kind: "ephemeral_posted" | "ephemeral_updated" | "ephemeral_deleted";
      readonly message: SlackMessage;
    }
  | {
      readonly kind: "view_opened" | "view_pushed" | "view_updated" | "view_closed" | "home_published";
      readonly view: SlackView;
    }
  | { readonly kind: "directory_changed" };

/** One thing that a person in the workspace could see happen. `seq` counts from 1; `at` is epoch ms. */
export type Change = What & { readonly seq: number; readonly at: number };

export type ChangeLog = ReturnType<typeof createChangeLog>;

/** The order in which things became visible. Waiting looks at what already happened too, so nothing is missed. */
export function createChangeLog(now: () => number) {
  const entries: Change[] = [];
  const listeners = new Set<(change: Change) => void>();

  const record = (what: What): void => {
    const change: Change = { ...what, seq: entries.length + 1, at: now() };
    entries.push(change);
    for (const listener of listeners) listener(change);
  };

  /** Calls `listener` at every change; returns how to stop. */
  const onChange = (listener: (change: Change) => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  /**
   * Resolves with the first truthy answer of `pick` for a change after `seq`.
   * Rejects after `timeoutMs` with what was waited for and what happened instead.
   */
  const waitFor = <T>(
    seq: number,
    pick: (change: Change) => T | undefined | false,
    wanted: string,
    timeoutMs: number,
  ): Promise<T> => {
    for (const change of entries.slice(seq)) {
      const found = pick(change);
      if (found) return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        const seen = entries.slice(seq).map(describeChange).join("; ") || "nothing";
        reject(new Error(`waited ${timeoutMs} ms for ${wanted}; what happened in that time: ${seen}`));
      }, timeoutMs);
      const stop = onChange((change) => {
        const found = pick(change);
        if (!found) return;
        clearTimeout(timer);
        stop();
        resolve(found);
      });
    });
  };

  return { entries: entries as readonly Change[], record, onChange, waitFor, position: () => entries.length };
}

function describeChange(change: Change): string {
  if ("message" in change)
    return `${change.kind} ${change.message.channel}/${change.message.ts} ${JSON.stringify(change.message.text.slice(0, 60))}`;
  if ("view" in change)
    return `${change.kind} ${change.view.callbackId || change.view.id} for ${change.view.user}`;
  return change.kind;
}
