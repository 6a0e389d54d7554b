/** How large a campaign is: as on every commit, or with `FULL=1` as large as its claim. */
export function campaignSize(perCommit: number, full: number): number {
  return process.env["FULL"] === "1" ? full : perCommit;
}
