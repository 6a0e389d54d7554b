import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { licencesPage, readComponents } from "./components.ts";

writeFileSync(
  join(import.meta.dirname, "..", "..", "docs", "licences.md"),
  licencesPage(await readComponents()),
);
