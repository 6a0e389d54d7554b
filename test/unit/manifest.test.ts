import { readFileSync } from "node:fs";
import type { AppsManifestValidateArguments } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

type Manifest = Extract<AppsManifestValidateArguments["manifest"], object>;

/**
 * What manifest.yml must say. The compiler holds this mirror to Slack's own types (unknown scopes, events and
 * fields do not compile); the test holds the file to the mirror.
 */
const expected = {
  display_information: {
    name: "Signalman",
    description: "From an alert to one approved, verified, reversible feature-flag change.",
    background_color: "#1f3a5f",
  },
  features: {
    app_home: {
      home_tab_enabled: true,
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: true,
    },
    bot_user: { display_name: "signalman", always_online: true },
    shortcuts: [
      {
        name: "Look into this",
        type: "message",
        callback_id: "look_into",
        description: "Signalman looks at what changed around this message",
      },
    ],
    slash_commands: [
      {
        command: "/flags",
        description: "Feature flags as they stand, and who changed them last",
        usage_hint: "[key]",
        should_escape: false,
      },
      {
        command: "/ops",
        description: "What is open, pending or to be cleaned up",
        usage_hint:
          "status | pending | controls | pause | strict | deny | mode | resume | standing | mute | help",
        should_escape: false,
      },
    ],
  },
  oauth_config: {
    scopes: {
      bot: ["chat:write", "commands", "files:write", "usergroups:read", "users:read", "users:read.email"],
    },
  },
  settings: {
    event_subscriptions: { bot_events: ["app_home_opened", "subteam_members_changed", "subteam_updated"] },
    interactivity: { is_enabled: true },
    org_deploy_enabled: false,
    socket_mode_enabled: true,
    token_rotation_enabled: false,
  },
} satisfies Manifest;

describe("manifest.yml", () => {
  const text = readFileSync(new URL("../../manifest.yml", import.meta.url), "utf8");

  it("is what Slack's types allow, with the least scopes and nothing else", () => {
    expect(parse(text)).toEqual(expected);
  });

  it("keeps Slack's lengths", () => {
    expect(expected.display_information.name.length).toBeLessThanOrEqual(35);
    expect(expected.display_information.description.length).toBeLessThanOrEqual(140);
    for (const { command, description } of expected.features.slash_commands) {
      expect(command).toMatch(/^\/[a-z][a-z0-9-]{0,30}$/);
      expect(description.length).toBeLessThanOrEqual(2000);
    }
  });
});
