/** Who plays in the sandbox. Slack ids match the roles of the shipped `governance/roles.yml`. */
export const people = {
  maya: { id: "U0MAYA", name: "maya", realName: "Maya Okafor", role: "on call; may not approve" },
  ruth: { id: "U0RUTH", name: "ruth", realName: "Ruth Lindqvist", role: "release manager; may approve" },
  pavel: { id: "U0PAVEL", name: "pavel", realName: "Pavel Novak", role: "release manager; may approve" },
  chen: { id: "U0CHEN", name: "chen", realName: "Chen Wei", role: "owner of checkout; may approve there" },
  tomas: { id: "U0TOMAS", name: "tomas", realName: "Tomas Guest", role: "guest; decides nothing" },
} as const;

export type PersonName = keyof typeof people;
export const personNames = ["maya", "ruth", "pavel", "chen", "tomas"] as const satisfies PersonName[];

export const groups = [
  { id: "S0RELEASE", handle: "release-managers", users: [people.ruth.id, people.pavel.id] },
  { id: "S0CHECKOUT", handle: "checkout-owners", users: [people.chen.id] },
  { id: "S0ONCALL", handle: "on-call", users: [people.maya.id] },
  { id: "S0PLATFORM", handle: "platform", users: [people.pavel.id] },
] as const;

export const channels = {
  incidents: { id: "C0INCIDENTS", name: "incidents" },
  ops: { id: "C0SIGNALMAN", name: "signalman-ops" },
} as const;

export function emailOf(person: PersonName): string {
  return `${people[person].name}@shop.example`;
}
