import type { IncomingMessage, ServerResponse } from "node:http";
import { asText, isObject, parseJson, type JsonObject } from "../json.ts";
import type { ResponseTarget } from "../response-urls.ts";
import { readContent } from "../web-api/message-content.ts";
import { ApiRefusal } from "../web-api/method.ts";
import { readBody } from "../web-api/read-arguments.ts";
import type { World } from "../world.ts";

/** Serves a response URL: a JSON message for the person or the channel that it was issued for. */
export async function serveResponseUrl(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const answer = (status: number, body: string) => response.writeHead(status).end(body);
  const body = parseJson((await readBody(request)).toString("utf8"));
  if (!isObject(body)) return void answer(400, "invalid_payload");
  const used = world.responseUrls.use(path);
  if ("refusal" in used) return void answer(404, used.refusal);
  try {
    applyResponse(world, used.target, body);
    answer(200, "ok");
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    answer(error.code === "channel_not_found" ? 404 : 400, error.code);
  }
}

/** Does what a response says: replace or delete the message it is about, or say something new. */
export function applyResponse(world: World, target: ResponseTarget, body: JsonObject): void {
  const about =
    target.messageTs === undefined
      ? undefined
      : (world.messages.findEphemeral(target.channel, target.messageTs, target.user) ??
        world.messages.find(target.channel, target.messageTs));
  if (isSet(body["delete_original"])) {
    if (about !== undefined) world.messages.remove(about);
    return;
  }
  const content = readContent({ args: body, world }, "post");
  if (isSet(body["replace_original"]) && about !== undefined) {
    const { metadata: _, ...rest } = about;
    world.messages.put({ ...rest, ...content, editedTs: world.newTs() });
    return;
  }
  const thread = asText(body["thread_ts"]) || target.threadTs;
  world.messages.put({
    channel: target.channel,
    ts: world.newTs(),
    user: world.app.botUser,
    botId: world.app.botId,
    ...content,
    ...(thread === undefined ? {} : { threadTs: thread }),
    ...(body["response_type"] === "in_channel" ? {} : { visibleTo: target.user }),
    ...(target.command === undefined ? {} : { answers: target.command }),
    reactions: [],
    files: [],
  });
}

function isSet(value: unknown): boolean {
  return value === true || value === "true";
}
