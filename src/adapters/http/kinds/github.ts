import type { Instant } from "../../../domain/ids.ts";
import type { OutsideChange } from "../../../domain/outside-change.ts";
import type { SourceOf } from "../../../domain/source.ts";
import type { ParsedDelivery } from "../../../pipeline/ports/intake.ts";
import { composeChange } from "./compose-change.ts";
import { firstText, toText } from "./normalise.ts";
import { parseJson } from "./parse-json.ts";
import { membersOf, unquoted } from "./peek.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Events `deployment` and `deployment_status` of GitHub:
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status. Never throws.
 *
 * @param headers those kept with the delivery, names in small letters; `x-github-event` names the event.
 */
export function parse(
  bytes: Uint8Array,
  receivedAt: Instant,
  source: SourceOf<"github">,
  headers: Readonly<Record<string, string>>,
): ParsedDelivery {
  const json = parseJson(bytes);
  if (json.kind === "unmappable") return json;
  const body = membersOf(json.value);
  const event = toText(headers["x-github-event"], 100) || eventIn(body);
  if (event !== "deployment" && event !== "deployment_status") {
    return event === ""
      ? { kind: "unmappable", reason: "X-GitHub-Event: missing, and the body is no deployment's" }
      : { kind: "nothing", what: `event "${event}"` };
  }
  const deployment = membersOf(body["deployment"]);
  if (toText(deployment["id"], 100) === "") return { kind: "unmappable", reason: "deployment.id: missing" };
  if (event === "deployment") {
    return outcome(toChange(body, deployment, {}, "started", receivedAt, source.id));
  }
  const status = membersOf(body["deployment_status"]);
  const word = toText(status["state"], 50).toLowerCase();
  // GitHub says so of every deployment that a later one of the same environment took the place of.
  if (word === "inactive")
    return { kind: "nothing", what: "a deployment that another one took the place of" };
  const state = states.get(word);
  if (state === undefined) {
    return { kind: "unmappable", reason: "deployment_status.state: missing or unknown" };
  }
  return outcome(toChange(body, deployment, status, state, receivedAt, source.id));
}

const states: ReadonlyMap<string, OutsideChange["state"]> = new Map([
  ["pending", "started"],
  ["queued", "started"],
  ["waiting", "started"],
  ["in_progress", "started"],
  ["success", "succeeded"],
  ["failure", "failed"],
  ["error", "failed"],
]);

function outcome(change: OutsideChange): ParsedDelivery {
  return { kind: "outside_changes", changes: [change] };
}

function eventIn(body: Members): string {
  if ("deployment_status" in body) return "deployment_status";
  if ("deployment" in body) return "deployment";
  return "zen" in body ? "ping" : "";
}

function toChange(
  body: Members,
  deployment: Members,
  status: Members,
  state: OutsideChange["state"],
  receivedAt: Instant,
  sourceId: string,
): OutsideChange {
  const repository = membersOf(body["repository"]);
  const payload = membersOf(unquoted(deployment["payload"]));
  const sha = toText(deployment["sha"], 64);
  const ref = toText(deployment["ref"], 120);
  const task = toText(deployment["task"], 100);
  const name = firstText(100, repository["name"], repository["full_name"], "a repository");
  const environment = firstText(
    200,
    status["environment"],
    deployment["environment"],
    deployment["original_environment"],
  );
  const short = sha.slice(0, 7);
  const version = ref === "" || sha.startsWith(ref) ? short : `${ref} (${short || "no commit"})`;
  const what = task === "" || task === "deploy" ? "Deploy" : `Task "${task}"`;
  return composeChange(
    {
      id: `deployment/${firstText(150, repository["full_name"], repository["id"])}/${toText(deployment["id"], 100)}`,
      kind: "deploy",
      state: state === "succeeded" && /roll-?_?back|revert/i.test(task) ? "rolled_back" : state,
      title: [`${what} of ${name} ${version}${environment === "" ? "" : ` to ${environment}`}`],
      version: [payload["version"], version],
      author: [
        membersOf(deployment["creator"])["login"],
        membersOf(status["creator"])["login"],
        membersOf(body["sender"])["login"],
      ],
      at: [status["created_at"], status["updated_at"], deployment["created_at"], deployment["updated_at"]],
      labels: [
        { service: name, repository: repository["full_name"], environment, task, ref, sha },
        // What a workflow wrote into the deployment's payload knows better than the repository's name.
        {
          service: payload["service"],
          ...(environment === "" ? { environment: payload["environment"] } : {}),
        },
      ],
      links: [
        commitLink(repository["html_url"], sha),
        status["log_url"],
        status["target_url"],
        status["environment_url"],
      ],
    },
    sourceId,
    receivedAt,
  );
}

function commitLink(repositoryUrl: unknown, sha: string): string | null {
  if (typeof repositoryUrl !== "string" || !/^[0-9a-f]{7,64}$/i.test(sha)) return null;
  return `${repositoryUrl}/commit/${sha}`;
}
