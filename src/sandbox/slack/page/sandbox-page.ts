import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseJson } from "../json.ts";
import { closeServer, listenOnLoopback } from "../loopback.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import { readBody } from "../web-api/read-arguments.ts";
import { PageAction, runPageAction } from "./page-actions.ts";
import { streamPage } from "./page-stream.ts";
import type { Panel } from "./panel.ts";
import { renderShell, type ShellOptions, type Viewpoint } from "./render-shell.ts";

export type SandboxPageOptions = Partial<Omit<ShellOptions, "panels">> & {
  readonly slack: SlackSandbox;
  readonly panels?: readonly Panel[];
  /** A style sheet for the panels, put behind the page's own. */
  readonly stylesheet?: URL;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
};

const styles = [
  "theme",
  "sidebar",
  "conversation",
  "blocks",
  "controls",
  "dialogs",
  "panels",
  "small-screens",
];

type Asset = { readonly files: readonly string[]; readonly type: string };
const script = (name: string): Asset => ({ files: [`client/${name}`], type: "text/javascript" });

const assets: Readonly<Record<string, Asset>> = {
  "/assets/page.css": { files: styles.map((name) => `styles/${name}.css`), type: "text/css" },
  "/assets/page.client.js": script("page.client.js"),
  "/assets/form.client.js": script("form.client.js"),
  "/assets/morph.client.js": script("morph.client.js"),
  "/assets/icon.svg": { files: ["icon.svg"], type: "image/svg+xml" },
};

const safety = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** A web page on loopback that shows the workspace as its people see it, with the demo's panels beside it. */
export async function createSandboxPage(options: SandboxPageOptions) {
  const { slack } = options;
  const shell: ShellOptions = {
    title: options.title ?? slack.app.name,
    roles: options.roles ?? {},
    commands: options.commands ?? [],
    panels: options.panels ?? [],
  };
  const streams = new Set<ReturnType<typeof streamPage>>();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(safety)) response.setHeader(name, value);
    if (!isOwnHost(request)) return refuse(response, 403, "this page answers on loopback only");
    const url = new URL(request.url ?? "/", origin);
    if (request.method === "POST" && url.pathname === "/act") return serveAction(request, response);
    if (request.method !== "GET") return refuse(response, 405, "not allowed");
    if (url.pathname === "/") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(renderShell(shell).markup);
      return;
    }
    if (url.pathname === "/stream") return serveStream(url, response);
    if (url.pathname.startsWith("/files/")) return serveFile(url.pathname.slice("/files/".length), response);
    return serveAsset(url.pathname, options.stylesheet, response);
  };

  const serveStream = (url: URL, response: ServerResponse): void => {
    const stream = streamPage(slack, viewpoint(url), shell, response);
    streams.add(stream);
    response.on("close", () => {
      streams.delete(stream);
      stream.stop();
    });
  };

  /** Where the page wants to look from, mended where that is no longer possible. */
  const viewpoint = (url: URL): Viewpoint => {
    const people = [...slack.workspace.users.values()].filter((user) => !user.isBot && !user.deleted);
    const wanted = url.searchParams.get("as");
    const viewer = people.find((user) => user.id === wanted)?.id ?? people[0]?.id;
    if (viewer === undefined) throw new Error("the Slack sandbox has nobody who could look at the page");
    const channels = [...slack.workspace.channels.values()].filter((channel) => channel.members.has(viewer));
    const place = url.searchParams.get("in");
    const known = place === "home" || channels.some((channel) => channel.id === place);
    return { viewer, place: known && place !== null ? place : (channels[0]?.id ?? "home") };
  };

  const serveAction = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.headers.origin !== `http://${request.headers.host ?? ""}`) {
      return refuse(response, 403, "this came from another page");
    }
    const action = PageAction.safeParse(parseJson((await readBody(request)).toString("utf8")));
    if (!action.success) return refuse(response, 400, "not an action of this page");
    const answer = await runPageAction(slack, shell.panels, action.data);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    refresh();
  };

  const serveFile = (id: string, response: ServerResponse): void => {
    const file = slack.file(decodeURIComponent(id));
    if (file === undefined) return refuse(response, 404, "no such file");
    const type = file.mimetype.startsWith("image/") ? file.mimetype : "application/octet-stream";
    response.writeHead(200, { "content-type": type }).end(file.bytes);
  };

  /** The pages that are open ask their panels again. */
  const refresh = (): void => {
    for (const stream of streams) stream.redraw();
  };

  const isOwnHost = ({ headers }: IncomingMessage) =>
    headers.host === `127.0.0.1:${port}` || headers.host === `localhost:${port}`;

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => refuse(response, 500, String(error)));
  });
  const port = await listenOnLoopback(server, options.port ?? 0);
  const origin = `http://127.0.0.1:${port}`;

  return {
    url: `${origin}/`,
    port,
    refresh,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const stream of streams) stream.stop();
      await closeServer(server);
    },
  };
}

async function serveAsset(path: string, added: URL | undefined, response: ServerResponse): Promise<void> {
  const asset = Object.hasOwn(assets, path) ? assets[path] : undefined;
  if (asset === undefined) return refuse(response, 404, "not found");
  const files = asset.files.map((file) => new URL(file, import.meta.url));
  if (asset.type === "text/css" && added !== undefined) files.push(added);
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  response.writeHead(200, { "content-type": `${asset.type}; charset=utf-8` }).end(contents.join("\n"));
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(reason);
}
