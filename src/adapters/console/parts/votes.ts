import type { ChangeState } from "../../../domain/change/change.ts";
import type { Vote } from "../../../domain/change/events.ts";
import { cut, html, type Html } from "../html.ts";
import { table } from "./table.ts";
import { badge, empty, moment } from "./words.ts";

export function votes({ votes: cast }: ChangeState): Html {
  if (cast.length === 0) return empty("Nobody has voted on this version.");
  return table(
    "Votes",
    [
      {
        name: "Vote",
        form: "tight",
        cell: ({ vote }: Vote) => (vote === "approve" ? badge("approved", "good") : badge("rejected", "off")),
      },
      {
        name: "By",
        cell: ({ name, userId }) => html`${cut(name, 80)} <span class="faint id">${userId}</span>`,
      },
      { name: "As", cell: ({ roles }) => cut(roles.join(", "), 200) },
      {
        name: "Because",
        form: "wide",
        cell: ({ rationale }) => (rationale === "" ? "–" : cut(rationale, 1000)),
      },
      { name: "When", form: "tight", cell: ({ at }) => moment(at) },
    ],
    cast,
  );
}
