import type { EvidenceOf } from "../../domain/evidence/evidence.ts";
import { timeWords } from "../../domain/evidence/evidence-words.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { OutsideChange } from "../../domain/outside-change.ts";
import type { Unnumbered } from "./describe-flag-change.ts";

export type DeployFinding = Unnumbered<EvidenceOf<"deploy">>;
export type ChangeFinding = Unnumbered<EvidenceOf<"change">>;

/** What a deploy system or somebody else told of a change, as evidence. */
export function describeOutsideChange(change: OutsideChange): DeployFinding | ChangeFinding {
  const { kind, state, at } = change;
  const version = outsideText(change.version, 80);
  const author = outsideText(change.author, 80);
  const source = outsideText(change.sourceId, 80);
  const title = outsideText(change.title, 160);
  const told = {
    text: [
      `${source} says: ${title}.`,
      ...(version === "" ? [] : [`Version: ${version}.`]),
      `State: ${stateWords[state]}${author === "" ? "" : `, by ${author}`}.`,
    ],
    at,
    source,
    version: version === "" ? "unnamed" : version,
    author,
    state,
    url: linkIn(change.links),
  };
  const when = `${stateWords[state]} at ${timeWords(at)}`;
  return kind === "deploy"
    ? { kind, title: `Deploy of ${told.version} ${when}`, ...told }
    : { kind: "change", title: `Change of ${whatWords[kind]} ${when}: ${title}`, what: kind, ...told };
}

const stateWords: Record<OutsideChange["state"], string> = {
  started: "begun",
  succeeded: "done",
  failed: "failed",
  rolled_back: "rolled back",
};

const whatWords: Record<Exclude<OutsideChange["kind"], "deploy">, string> = {
  config: "configuration",
  infrastructure: "infrastructure",
  data: "data",
  other: "something else",
};

/** The first address that a browser could open. It is data: whoever shows it decides whether it is a link. */
function linkIn(links: readonly string[]): string | null {
  const link = links.find((one) => /^https?:\/\//i.test(one) && URL.canParse(one));
  return link === undefined ? null : outsideText(link, 500);
}

/** One deploy may be told by its system and be seen in the metrics; within this time it is one and the same. */
const sameDeployMs = 15 * 60_000;

/**
 * Deploys of both kinds without doubles, oldest first. The metrics say when the version took traffic, which is what
 * trouble can follow; the deploy system says who, how it ended and where to read more.
 */
export function mergeDeploys(
  seen: readonly DeployFinding[],
  told: readonly DeployFinding[],
): DeployFinding[] {
  const left = new Set(told);
  const merged = seen.map((deploy) => {
    const same = [...left]
      .filter((other) => isSameVersion(other.version, deploy.version) && apart(other, deploy) <= sameDeployMs)
      .toSorted((a, b) => apart(a, deploy) - apart(b, deploy))[0];
    if (same === undefined) return deploy;
    left.delete(same);
    const { author, state, url, source } = same;
    return { ...deploy, author, state, url, source, text: [...deploy.text, ...same.text] };
  });
  return [...merged, ...left].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function apart(a: DeployFinding, b: DeployFinding): number {
  return Math.abs(Date.parse(a.at) - Date.parse(b.at));
}

/** `v1.4.2` is `1.4.2`, and a commit may be written short. */
function isSameVersion(a: string, b: string): boolean {
  const [one, other] = [bare(a), bare(b)];
  if (one === other) return true;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return /^[0-9a-f]{7,40}$/.test(short) && long.startsWith(short);
}

function bare(version: string): string {
  return version.toLowerCase().replace(/^v(?=\d)/, "");
}
