import { z } from "zod";

/** What Slack sends, as far as it is read here. Shapes: Slack contract §4. */

export const WireUser = z.object({
  id: z.string(),
  name: z.string().default(""),
  real_name: z.string().nullish(),
  team_id: z.string().default(""),
  deleted: z.boolean().default(false),
  is_bot: z.boolean().default(false),
  is_restricted: z.boolean().default(false),
  is_ultra_restricted: z.boolean().default(false),
  is_stranger: z.boolean().default(false),
  profile: z
    .object({
      display_name: z.string().nullish(),
      real_name: z.string().nullish(),
      email: z.string().nullish(),
    })
    .default({}),
});
export type WireUser = z.infer<typeof WireUser>;

export const WireUserGroups = z.object({
  usergroups: z.array(
    z.object({
      id: z.string(),
      handle: z.string().default(""),
      users: z.array(z.string()).default([]),
      date_delete: z.number().default(0),
    }),
  ),
});

export const WireAuth = z.object({ team_id: z.string(), user_id: z.string(), bot_id: z.string().nullish() });
export const WireBot = z.object({ bot: z.object({ app_id: z.string() }) });
export const WirePosted = z.object({ channel: z.string(), ts: z.string() });
export const WirePermalink = z.object({ permalink: z.url() });
export const WireOpenedView = z.object({ view: z.object({ id: z.string(), hash: z.string() }) });
/** `files.uploadV2` of the SDK: one completion for each destination, each with its files. */
export const WireUploaded = z.object({
  files: z.tuple([z.object({ files: z.tuple([z.object({ id: z.string() })], z.unknown()) })], z.unknown()),
});

export const WireHomeOpened = z.object({ user: z.string(), tab: z.string() });

const origin = {
  team: z.object({ id: z.string() }),
  user: z.object({ id: z.string() }),
  api_app_id: z.string(),
};

const actions = z
  .array(
    z.object({
      action_id: z.string(),
      value: z.string().nullish(),
      selected_option: z.object({ value: z.string() }).nullish(),
    }),
  )
  .length(1);

/** A click on a message. `message` is absent where the message was ephemeral. */
export const WireClick = z.object({
  type: z.literal("block_actions"),
  ...origin,
  trigger_id: z.string(),
  container: z.object({
    type: z.literal("message"),
    message_ts: z.string(),
    channel_id: z.string(),
    is_ephemeral: z.boolean().default(false),
  }),
  channel: z.object({ id: z.string() }),
  message: z.object({ ts: z.string(), bot_id: z.string().nullish() }).nullish(),
  actions,
});
export type WireClick = z.infer<typeof WireClick>;

/** A click on the home tab: no message and no channel. */
export const WireHomeClick = z.object({
  type: z.literal("block_actions"),
  ...origin,
  trigger_id: z.string(),
  container: z.object({ type: z.literal("view"), view_id: z.string() }),
  view: z.object({ id: z.string(), type: z.literal("home") }),
  actions,
});

/** A message as a shortcut on it brings it. Other apps' messages may say it all in attachments. */
export const WireMessage = z.object({
  ts: z.string().regex(/^\d{1,11}\.\d{1,6}$/),
  text: z.string().nullish(),
  attachments: z
    .array(
      z.object({ title: z.string().nullish(), text: z.string().nullish(), fallback: z.string().nullish() }),
    )
    .default([]),
});
export type WireMessage = z.infer<typeof WireMessage>;

export const WireMessageShortcut = z.object({
  type: z.literal("message_action"),
  ...origin,
  trigger_id: z.string(),
  channel: z.object({ id: z.string() }),
  message: WireMessage,
});

export const WireSubmission = z.object({
  type: z.literal("view_submission"),
  ...origin,
  view: z.object({
    callback_id: z.string(),
    app_id: z.string().nullish(),
    private_metadata: z.string(),
    state: z.object({
      values: z.record(
        z.string(),
        z.record(
          z.string(),
          z.object({
            value: z.string().nullish(),
            selected_user: z.string().nullish(),
            selected_date_time: z.number().nullish(),
            selected_option: z.object({ value: z.string() }).nullish(),
          }),
        ),
      ),
    }),
  }),
});
export type WireSubmission = z.infer<typeof WireSubmission>;
