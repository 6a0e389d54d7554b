/** The words of FeatBit's own paths; all else are ids, keys of flags, and what a switch is set to. */
const words = new Set(
  "api v1 projects envs feature-flags segments by-ids audit-logs targeting toggle off-variation pending-changes archive restore".split(
    " ",
  ),
);

/** A path with `{}` for what differs from request to request, and without its query. */
export function pathTemplate(path: string): string {
  const [way = ""] = path.split("?");
  return way
    .split("/")
    .map((part) => (part === "" || words.has(part) ? part : "{}"))
    .join("/");
}
