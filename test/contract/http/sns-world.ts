import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tool } from "../../support/tools.ts";
import type { Internet } from "../../../src/adapters/http/sns/get-pinned.ts";

/** Makes the certificates; without it these tests are left out by name. */
export const openssl = tool("openssl");

export const topicArn = "arn:aws:sns:eu-west-1:123456789012:alarms";
export const snsHost = "sns.eu-west-1.amazonaws.com";
export const certificatePath = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
export const publicAddress = "54.239.28.85";

interface Issued {
  certificate: string;
  key: KeyObject;
}

/** An SNS on loopback with a certificate authority of its own, and a way out that leads nowhere else. */
export interface SnsWorld extends AsyncDisposable {
  net: Internet;
  /** What each host name leads to; a list is used up one by one, its last stays. */
  addresses: Map<string, string[][]>;
  lookups: string[];
  dials: string[];
  requests: string[];
  /** What is served: path → answer. */
  pages: Map<string, { status: number; body: string; headers?: Record<string, string> }>;
  signer: KeyObject;
  /** A certificate that the authority made out to `name`. */
  issue(name: string, more?: { ec?: boolean }): Issued;
}

export async function openSnsWorld(): Promise<SnsWorld> {
  const folder = mkdtempSync(join(tmpdir(), "signalman-sns-"));
  const file = (name: string): string => join(folder, name);
  const run = (...words: string[]): void => {
    if (openssl === null) throw new Error("there is no openssl to make certificates with");
    execFileSync(openssl, words, { cwd: folder, stdio: "pipe" });
  };
  run(
    ..."req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Test-Authority".split(
      " ",
    ),
  );
  const ca = readFileSync(file("ca.pem"), "utf8");
  let serial = 0;

  const issue: SnsWorld["issue"] = (name, { ec = false } = {}) => {
    const own = `${(serial += 1)}`;
    const algorithm = ec ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey rsa:2048";
    run(...`req ${algorithm} -nodes -keyout ${own}.key -out ${own}.csr -subj /CN=${name}`.split(" "));
    writeFileSync(file(`${own}.ext`), `subjectAltName=DNS:${name}\n`);
    const request = `x509 -req -in ${own}.csr -CA ca.pem -CAkey ca.key -set_serial ${own} -extfile ${own}.ext -days 20 -out ${own}.pem`;
    run(...request.split(" "));
    return {
      certificate: readFileSync(file(`${own}.pem`), "utf8"),
      key: createPrivateKey(readFileSync(file(`${own}.key`), "utf8")),
    };
  };

  const signing = issue("sns.amazonaws.com");
  const served = issue(snsHost);
  const requests: string[] = [];
  const pages: SnsWorld["pages"] = new Map([[certificatePath, { status: 200, body: signing.certificate }]]);
  const server = createServer(
    { cert: served.certificate, key: served.key.export({ type: "pkcs8", format: "pem" }) },
    (request, response) => {
      requests.push(`${request.headers.host ?? ""}${request.url ?? ""}`);
      const page = pages.get(request.url ?? "") ??
        pages.get((request.url ?? "").split("?")[0] ?? "") ?? { status: 404, body: "" };
      response.writeHead(page.status, page.headers).end(page.body);
    },
  );
  // Clients that do not trust it hang up in the middle.
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  const world: SnsWorld = {
    addresses: new Map([[snsHost, [[publicAddress]]]]),
    lookups: [],
    dials: [],
    requests,
    pages,
    signer: signing.key,
    issue,
    net: {
      lookup: (host) => {
        world.lookups.push(host);
        const answers = world.addresses.get(host) ?? [];
        const [next = []] = answers.length > 1 ? answers.splice(0, 1) : answers;
        return next.length > 0 ? Promise.resolve(next) : Promise.reject(new Error(`ENOTFOUND ${host}`));
      },
      dial: (to) => {
        world.dials.push(to);
        return connect(address.port, "127.0.0.1");
      },
      ca: [ca],
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

export interface SnsMessage {
  Type: string;
  MessageId: string;
  TopicArn: string;
  Message: string;
  Timestamp: string;
  SignatureVersion: string;
  SigningCertURL: string;
  Subject?: string;
  Token?: string;
  SubscribeURL?: string;
}

export function notification(more: Partial<SnsMessage> = {}): SnsMessage {
  return {
    Type: "Notification",
    MessageId: "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    TopicArn: topicArn,
    Subject: 'ALARM: "slow" in EU (Ireland)',
    Message: JSON.stringify({ AlarmName: "slow", NewStateValue: "ALARM" }),
    Timestamp: new Date().toISOString(),
    SignatureVersion: "1",
    SigningCertURL: `https://${snsHost}${certificatePath}`,
    ...more,
  };
}

export const subscribeToken = "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a";

export function confirmation(more: Partial<SnsMessage> = {}): SnsMessage {
  return {
    Type: "SubscriptionConfirmation",
    MessageId: "3d891288-136d-417f-bc05-901c108273ee",
    Token: subscribeToken,
    TopicArn: topicArn,
    Message: `You have chosen to subscribe to the topic ${topicArn}.`,
    SubscribeURL: `https://${snsHost}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${subscribeToken}`,
    Timestamp: new Date().toISOString(),
    SignatureVersion: "2",
    SigningCertURL: `https://${snsHost}${certificatePath}`,
    ...more,
  };
}

/** Signed as Amazon's guide says, written here a second time so that the door's own text is held to it. */
export function signed(message: SnsMessage, signer: KeyObject): SnsMessage & { Signature: string } {
  const names =
    message.Type === "Notification"
      ? (["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const)
      : (["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const);
  const lines = names.flatMap((name) => (message[name] === undefined ? [] : [name, message[name]]));
  const algorithm = message.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256";
  return {
    ...message,
    Signature: sign(algorithm, Buffer.from(`${lines.join("\n")}\n`), signer).toString("base64"),
  };
}

export function strangersKey(): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}
