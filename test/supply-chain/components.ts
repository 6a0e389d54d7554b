import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const root = join(import.meta.dirname, "..", "..");

const Sbom = z.object({
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      properties: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
      licenses: z
        .array(
          z.union([
            z.object({ license: z.object({ id: z.string().optional(), name: z.string().optional() }) }),
            z.object({ expression: z.string() }),
          ]),
        )
        .default([]),
    }),
  ),
});

export interface Component {
  name: string;
  version: string;
  licence: string;
  /** Used only by whoever works on Signalman. */
  development: boolean;
}

/** Said in no field of the package: read in its own licence file. */
const stated: Readonly<Record<string, string>> = { "dejavu-fonts-ttf": "Bitstream-Vera" };

/** What `npm sbom` says of the lockfile: every package of every platform. */
export async function readComponents(): Promise<Component[]> {
  const { stdout } = await promisify(execFile)(
    process.platform === "win32" ? "npm.cmd" : "npm",
    ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"],
    { cwd: root, maxBuffer: 32_000_000, shell: process.platform === "win32" },
  );
  const { components } = Sbom.parse(JSON.parse(stdout));
  return components
    .map((each) => ({
      name: each.name,
      version: each.version,
      licence: licenceOf(each) ?? stated[each.name] ?? "unknown",
      development: each.properties.some(({ name }) => name === "cdx:npm:package:development"),
    }))
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** `docs/licences.md`: a line for each component, so that a change of any is one line of a diff. */
export function licencesPage(components: readonly Component[]): string {
  const part = (development: boolean): string => {
    const own = components.filter((each) => each.development === development);
    const licences = [...new Set(own.map(({ licence }) => licence))].toSorted(compare);
    return licences
      .map((licence) => {
        const names = own
          .filter((each) => each.licence === licence)
          .map(({ name, version }) => `- ${name} ${version}\n`);
        return `### ${licence}\n\n${names.join("")}`;
      })
      .join("\n");
  };
  return `# Components and their licences

Everything that the lockfile names, for all platforms, as \`npm sbom\` tells it. Written by \`npm run licences\`; a test compares it, so that no component comes, goes or changes its licence unseen.

## At run time

${part(false)}
## For development

${part(true)}`;
}

function licenceOf({ licenses }: z.infer<typeof Sbom>["components"][number]): string | undefined {
  const words = licenses.flatMap((each) =>
    "expression" in each ? [each.expression] : [each.license.id ?? each.license.name ?? []].flat(),
  );
  return words.length === 0 ? undefined : words.join(" AND ");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
