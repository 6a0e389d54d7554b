import type { Bound, Shape } from "./bind.ts";
import { bindJson } from "./bind.ts";
import type { Reply } from "./envelope.ts";
import { problem } from "./envelope.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Actor, World } from "./world.ts";

/** A framework answer that ends a request before its handler. */
export class Stop extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(`stopped with ${reply.status}`);
    this.reply = reply;
  }
}

export type BodyRule = { shape: Shape; param: string; optional?: boolean };

/** One request on its way through the API: who asks, what for, with which typed body. */
export class Call {
  readonly sandbox: Sandbox;
  readonly server: "api" | "evaluation";
  readonly actor: Actor;
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  readonly rawBody: string;
  /** Set for changes backdated by a test or a demo. */
  readonly atMs: number | undefined;
  body: unknown = null;

  constructor(init: Omit<Call, "body" | "world" | "param" | "int" | "bind" | "bodyAs" | "comment">) {
    this.sandbox = init.sandbox;
    this.server = init.server;
    this.actor = init.actor;
    this.params = init.params;
    this.query = init.query;
    this.contentType = init.contentType;
    this.rawBody = init.rawBody;
    this.atMs = init.atMs;
  }

  get world(): World {
    return this.sandbox.world;
  }

  get comment(): string | null | undefined {
    return this.bodyAs<{ comment?: string | null } | null>()?.comment;
  }

  /** The body as the route's shape, against which {@link bind} has checked it. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  bodyAs<T>(): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return this.body as T;
  }

  param(name: string): string {
    const value = this.params.get(name);
    if (value === undefined) throw new Error(`the route has no parameter ${name}`);
    return value;
  }

  /** An integer of the query; @param bound the .NET property name, which the error text shows. */
  int(name: string, bound: string): number | undefined {
    const text = this.query.get(name);
    if (text === null || text === "") return undefined;
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    // A lower-case name is a plain method parameter, which the framework does not name in its text.
    const suffix = bound === name ? "" : ` for ${bound}`;
    throw new Stop(problem(400, this.server, { [bound]: [`The value '${text}' is not valid${suffix}.`] }));
  }

  bind(rule: BodyRule): void {
    if (this.rawBody === "" && rule.optional) return;
    if (!/^(application|text)\/([\w.-]+\+)?json\s*(;|$)/i.test(this.contentType ?? "")) {
      throw new Stop(problem(415, this.server));
    }
    const required = rule.optional ? {} : { [rule.param]: [`The ${rule.param} field is required.`] };
    if (this.rawBody.trim() === "" || (this.rawBody.trim() === "null" && !rule.optional)) {
      throw new Stop(
        problem(400, this.server, { "": ["A non-empty request body is required."], ...required }),
      );
    }
    const bound: Bound = bindJson(this.rawBody, rule.shape);
    if (!bound.ok) throw new Stop(problem(400, this.server, { [bound.path]: [bound.message], ...required }));
    this.body = bound.value;
  }
}
