import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createDeliveries } from "./delivery/deliveries.ts";
import { serveResponseUrl } from "./delivery/respond.ts";
import { createSocketMode } from "./delivery/socket-mode.ts";
import { createActor, type Actor } from "./driver/actor.ts";
import type { JsonObject } from "./json.ts";
import { closeServer, listenOnLoopback } from "./loopback.ts";
import { ApiRefusal } from "./web-api/method.ts";
import { readBody } from "./web-api/read-arguments.ts";
import { createWebApi } from "./web-api/web-api.ts";
import { createWorld, type SlackSandboxOptions } from "./world.ts";

export type SlackSandbox = Awaited<ReturnType<typeof createSlackSandbox>>;

const maxUploadBytes = 20 * 1024 * 1024;

/**
 * A Slack workspace in memory, on loopback: the Web API, Socket Mode and signed HTTP for one installed app, and
 * people who click. It refuses what Slack refuses. Give the app `apiUrl` as its `slackApiUrl`.
 */
export async function createSlackSandbox(options: SlackSandboxOptions = {}) {
  const world = createWorld(options);
  const socketMode = createSocketMode(world);
  const deliveries = createDeliveries(world, socketMode.deliver);
  const web = createWebApi(world, () => baseUrl, socketMode.allow);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", baseUrl);
    if (url.pathname.startsWith("/api/")) return web.serve(request, response, url);
    if (/^\/(actions|commands)\//.test(url.pathname))
      return serveResponseUrl(world, request, response, url.pathname);
    if (url.pathname.startsWith("/upload/v1/")) return serveUpload(request, response, url.pathname.slice(11));
    response.writeHead(404).end("not found");
  };

  const serveUpload = async (
    request: IncomingMessage,
    response: ServerResponse,
    ticket: string,
  ): Promise<void> => {
    const bytes = await readUpload(request);
    const refusal = world.files.upload(ticket, bytes);
    if (refusal === undefined) response.writeHead(200).end(`OK - ${bytes.byteLength}`);
    else response.writeHead(400).end(refusal);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof ApiRefusal) response.writeHead(413).end(error.code);
      else response.writeHead(500).end(String(error));
    });
  });
  server.on("upgrade", socketMode.upgrade);
  const port = await listenOnLoopback(server, options.port ?? 0);
  const baseUrl = `http://127.0.0.1:${port}`;

  const actors = new Map<string, Actor>();
  /** The client of one person. */
  const as = (user: string): Actor => {
    world.directory.user(user);
    const actor = actors.get(user) ?? createActor({ world, baseUrl }, deliveries, user);
    actors.set(user, actor);
    return actor;
  };

  /** Changes who is in a user group, and tells the app as Slack does. */
  const setUserGroup = async (id: string, users: readonly string[]) => {
    const before = world.directory.group(id).users;
    world.directory.setGroupUsers(id, users);
    const added = users.filter((user) => !before.includes(user));
    const removed = before.filter((user) => !users.includes(user));
    return deliveries.event({
      type: "subteam_members_changed",
      subteam_id: id,
      team_id: world.team.id,
      date_update: Math.floor(world.now() / 1000),
      added_users: added,
      added_users_count: added.length,
      removed_users: removed,
      removed_users_count: removed.length,
    });
  };

  return {
    port,
    baseUrl,
    apiUrl: `${baseUrl}/api/`,
    team: world.team,
    app: world.app,
    ...world.credentials,

    workspace: {
      addUser: world.directory.addUser,
      addUserGroup: world.directory.addUserGroup,
      addChannel: world.directory.addChannel,
      /** Adds the app to a channel, as `/invite` does. */
      inviteApp: (channel: string) => void world.directory.channel(channel).members.add(world.app.botUser),
      deactivate: world.directory.deactivate,
      setUserGroup,
      users: world.directory.users,
      groups: world.directory.groups,
      channels: world.directory.channels,
    },

    as,
    messages: world.messages.topLevel,
    thread: world.messages.thread,
    message: world.messages.find,
    ephemerals: world.messages.ephemeralsFor,
    file: world.files.find,
    changes: world.changes.entries,
    onChange: world.changes.onChange,
    waitFor: world.changes.waitFor,
    position: world.changes.position,

    callLog: web.callLog,
    messageLog: world.messages.log,
    deliveryLog: deliveries.log,
    socketAcks: socketMode.acks,

    faults: world.faults,
    tokens: world.tokens,
    /** Sends any interactive payload as it is, to see what the app makes of it. */
    sendRaw: (payload: JsonObject) => deliveries.interactive(payload),
    sendEvent: deliveries.event,
    /** From now on over signed HTTP; rejects unless the app answers Slack's challenge there. */
    useRequestUrl: deliveries.useRequestUrl,
    sockets: { count: socketMode.connectionCount, refresh: socketMode.refresh, cut: socketMode.cut },

    async [Symbol.asyncDispose](): Promise<void> {
      deliveries.close();
      await socketMode.close();
      await closeServer(server);
    },
  };
}

/** The bytes of an upload, sent plainly or as the one part of a multipart form. */
async function readUpload(request: IncomingMessage): Promise<Uint8Array> {
  const body = await readBody(request, maxUploadBytes);
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return body;
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  for (const value of form.values()) {
    if (typeof value !== "string") return new Uint8Array(await value.arrayBuffer());
  }
  return new Uint8Array();
}
