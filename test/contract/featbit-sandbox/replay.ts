import { request } from "undici";
import { msOf } from "../../../src/sandbox/featbit/instants.ts";
import { createFeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import type { FeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import type { RecordedEntry, RecordedExchange } from "../../support/recorded-featbit.ts";
import { isExchange, loadRecorded } from "../../support/recorded-featbit.ts";
import type { Person } from "../../../src/sandbox/featbit/people.ts";
import { Ids, differences } from "./compare.ts";
import { typed } from "../../support/typed.ts";

export const PROD = "8b3014de-b21e-4961-be76-c6807bbe44f1";
export const DEV = "31a5bdc8-c5d6-4277-af75-505a12e0378f";
const SHOP = "01a1fc76-1d4e-79f7-a21c-a9054de41f29";
export const SECRETS = {
  prod: {
    server: "AAAAsErVeRpLaCeHoLdErA3hQwix6yYUm-dsaAe75E8Q",
    client: "AAAAcLiEnTpLaCeHoLdErA3hQwix6yYUm-dsaAe75E8Q",
  },
  dev: {
    server: "AAAAsErVeRpLaCeHoLdErAyL2lMdbFd0KvdVBaEuA3jw",
    client: "AAAAcLiEnTpLaCeHoLdErAyL2lMdbFd0KvdVBaEuA3jw",
  },
};
const TOKENS = ["full", "least", "ro", "bot", "dead", "prodonly", "deny", "personal"];

export type Checked = {
  status: number;
  text: string;
  body: unknown;
  headers: Record<string, string | undefined>;
};

/** A sandbox as the recorded server was before the first recorded request that a token could make. */
export async function createReplay(options: { now?: () => number } = {}) {
  const sandbox = await createFeatBitSandbox({
    ...options,
    writeWindowMs: 0,
    workspaceId: "d822b5b8-5846-4d7e-ac4f-ed742a89823c",
    organization: { id: "013b2b82-c7d7-42d1-935a-97d6ec737568", name: "playground", key: "playground" },
    seed: {
      users: [
        {
          id: "4ce168d7-e6d2-4f48-9c89-dd0553784c93",
          name: "tester",
          email: "test@featbit.com",
          bearer: "Tester.Jwt",
        },
      ],
      projects: [
        {
          id: SHOP,
          key: "shop",
          name: "Shop",
          environments: [
            {
              id: PROD,
              key: "prod",
              name: "Prod",
              serverSecret: SECRETS.prod.server,
              clientSecret: SECRETS.prod.client,
            },
            {
              id: DEV,
              key: "dev",
              name: "Dev",
              serverSecret: SECRETS.dev.server,
              clientSecret: SECRETS.dev.client,
            },
          ],
        },
      ],
      tokens: recordedTokens(),
    },
  });
  return new Replay(sandbox);
}

/** Names, ids and statements of the recorded access tokens; their texts are placeholders in the recording. */
function recordedTokens() {
  const created = loadRecorded("rest-tokens-iam").filter(isExchange);
  return TOKENS.map((name) => {
    const entry = created.find(({ id }) => id === `token-create-${name}`);
    const { data } = typed<{ data: { id: string; name: string; permissions: [] } }>(entry?.response.body);
    const permissions = name === "personal" ? {} : { permissions: data.permissions };
    return { id: data.id, name: data.name, token: tokenText(name), ...permissions };
  });
}

const tokenText = (name: string): string => `api-Recorded-${name}`;

export class Replay implements AsyncDisposable {
  readonly sandbox: FeatBitSandbox;
  readonly ids = new Ids();
  /** Differences by entry. */
  readonly failures = new Map<string, string[]>();
  compared = 0;
  /** Stands for the placeholder of trigger tokens. */
  triggerToken = "";
  readonly person: Person;

  constructor(sandbox: FeatBitSandbox) {
    this.sandbox = sandbox;
    this.person = sandbox.as("test@featbit.com");
  }

  async send(recorded: RecordedExchange["request"]): Promise<Checked> {
    const path = this.#times(this.ids.translate(recorded.path)).replace("<trigger-token>", this.triggerToken);
    const evaluation = path.startsWith("/api/public/") || path.startsWith("/streaming");
    const base = evaluation ? this.sandbox.evaluationUrl : this.sandbox.apiUrl;
    return this.sendTo(base, { ...recorded, path });
  }

  async sendTo(
    base: string,
    { method, path, authAs, headers, body }: RecordedExchange["request"],
  ): Promise<Checked> {
    const { Authorization: recorded, ...others } = headers;
    const authorization = this.#authorization(authAs, recorded);
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const guessed = text && !others["Content-Type"] ? { "Content-Type": "text/plain;charset=UTF-8" } : {};
    const response = await request(base + path, {
      method: typed<"GET">(method),
      headers: { ...guessed, ...others, ...(authorization && { Authorization: authorization }) },
      ...(text !== undefined && { body: this.ids.translate(text) }),
    });
    const answered = await response.body.text();
    const type = String(response.headers["content-type"] ?? "");
    return {
      status: response.statusCode,
      text: answered,
      headers: Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: type.includes("json") ? JSON.parse(answered) : answered,
    };
  }

  /** A step that was made but not recorded, by the full token. */
  async given(method: string, path: string, body?: unknown, authAs = "full"): Promise<unknown> {
    const headers = { "Content-Type": "application/json" };
    const { status, body: answer } = await this.send({
      method,
      path,
      authAs,
      headers,
      ...(body !== undefined && { body }),
    });
    if (status !== 200) throw new Error(`given ${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return typed<{ data: unknown }>(answer).data;
  }

  async check(
    entry: RecordedExchange,
    options: { unordered?: boolean; summary?: boolean; base?: string } = {},
  ): Promise<void> {
    const answer = options.base
      ? await this.sendTo(options.base, entry.request)
      : await this.send(entry.request);
    const found: string[] = [];
    const { status, headers, body } = entry.response;
    if (status !== answer.status) found.push(`status: recorded ${status}, got ${answer.status}`);
    for (const name of ["content-type", "www-authenticate", "allow", "cache-control"]) {
      if (headers[name] !== answer.headers[name]) {
        found.push(`${name}: recorded ${headers[name]}, got ${answer.headers[name]}`);
      }
    }
    const sorted = (value: unknown) => (options.unordered ? unordered(value) : value);
    if (options.summary) found.push(...summaryDifferences(body, answer.body));
    else found.push(...differences(sorted(body ?? ""), sorted(answer.body), this.ids));
    this.note(entry, found);
  }

  note(entry: RecordedEntry, found: string[]): void {
    this.compared += 1;
    if (found.length > 0) this.failures.set(entry.id, found);
  }

  #authorization(authAs: string | null | undefined, recorded: string | undefined): string | undefined {
    if (recorded !== undefined && !recorded.includes("<")) return recorded;
    const [name = "", ...form] = (authAs ?? "").split(" ");
    if (!authAs) return undefined;
    if (authAs === "jwt") return "Bearer Tester.Jwt";
    if (name === "Bearer") return `Bearer ${tokenText(form.join(" "))}`;
    if (form.includes("spaces")) return ` ${tokenText(name)} `;
    if (form.includes("lower-cased")) return tokenText(name).toLowerCase();
    return name === "expired" || name === "garbage" ? "Bearer expired" : tokenText(name);
  }

  /** `from` and `to` of audit queries point at one recorded entry: point at the same one here. */
  #times(path: string): string {
    return path.replace(/(?<=[?&](?:from|to)=)\d{13}(?=&|$)/g, (ms) => {
      const anchor = loadRecorded("rest-audit").find(({ id }) => id === "q-from-to");
      const id = this.ids.translate(typed<string>(anchor?.["entryId"]));
      const entry = this.sandbox.world.audits.find((candidate) => candidate.id === id);
      if (!entry) return ms;
      return String(
        Number(ms) - Date.parse(typed<string>(anchor?.["entryCreatedAt"])) + msOf(entry.createdAt),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/** For answers whose order the real server leaves to its database. */
function unordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(unordered).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, unordered(member)]),
  );
}

/** One answer was too long to keep: its counts were. */
function summaryDifferences(recorded: unknown, actual: unknown): string[] {
  const { totalCount, items } = typed<{ summary: { totalCount: number; items: number } }>(recorded).summary;
  const page = typed<{ data: { totalCount: number; items: unknown[] } }>(actual).data;
  const matches = page.totalCount === totalCount && page.items.length === items;
  return matches
    ? []
    : [`recorded ${items} of ${totalCount}, got ${page.items.length} of ${page.totalCount}`];
}
