import { asObjects, asText } from "../json.ts";
import { toWireFile } from "../wire.ts";
import { readThread } from "./message-content.ts";
import { knownChannel } from "./chat.ts";
import { ApiRefusal, jsonArg, method, optionalText, requiredText, type ApiMethod } from "./method.ts";

const reserve = method(["files:write"], ({ world, args, baseUrl }) => {
  const length = Number(requiredText(args, "length"));
  if (!Number.isInteger(length) || length <= 0) throw new ApiRefusal("invalid_arguments");
  const { fileId, ticket } = world.files.reserve(requiredText(args, "filename"), length);
  return { upload_url: `${baseUrl}/upload/v1/${ticket}`, file_id: fileId };
});

const complete = method(["files:write"], (call) => {
  const { world, args } = call;
  const wanted = asObjects(jsonArg(args, "files", "invalid_arguments"));
  if (wanted.length === 0) throw new ApiRefusal("invalid_arguments");
  const channelId = optionalText(args, "channel_id");
  const channel = channelId === undefined ? undefined : knownChannel(call, channelId);
  if (channel !== undefined && !channel.members.has(world.app.botUser))
    throw new ApiRefusal("not_in_channel");
  const files = wanted.map((each) => {
    const file = world.files.complete(asText(each["id"]), optionalText(each, "title"));
    if (file === undefined) throw new ApiRefusal("file_not_found");
    return file;
  });
  if (channel !== undefined) {
    // The answer does not name the message: Slack shares the file a moment later.
    setImmediate(() => {
      world.messages.put({
        channel: channel.id,
        ts: world.newTs(),
        user: world.app.botUser,
        botId: world.app.botId,
        text: optionalText(args, "initial_comment") ?? "",
        blocks: [],
        ...readThread(args),
        reactions: [],
        files,
      });
    });
  }
  return { files: files.map(toWireFile) };
});

export const fileMethods: Readonly<Record<string, ApiMethod>> = {
  "files.getUploadURLExternal": reserve,
  "files.completeUploadExternal": complete,
};
