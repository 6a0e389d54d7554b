/** An SNS topic of ours, and the one host that speaks for it. */
export interface Topic {
  arn: string;
  region: string;
  host: string;
}

const hostForm = /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/;

/**
 * Null for an ARN whose host has another form. The host is built of an ARN from `signalman.yml`, never taken from a
 * message: `sns.s3-us-west-2.amazonaws.com` has the form too and is somebody's bucket.
 */
export function topicOf(arn: string): Topic | null {
  const [, partition, , region = ""] = arn.split(":");
  const host = `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
  return hostForm.test(host) ? { arn, region, host } : null;
}

/** The path of a signing certificate of this topic's region; null for any other address, spelled however. */
export function certificatePath(topic: Topic, address: string): string | null {
  const path = pathAt(topic, address);
  return path !== null && /^\/SimpleNotificationService-[0-9a-f]{8,128}\.pem$/.test(path) ? path : null;
}

/** The path that confirms a subscription to this topic, built anew; null when `address` is not exactly that. */
export function confirmationPath(topic: Topic, address: string, token: string): string | null {
  if (!/^[A-Za-z0-9]{1,2000}$/.test(token)) return null;
  const url = pathAt(topic, address) === null ? null : URL.parse(address);
  if (url === null || url.pathname !== "/" || url.hash !== "") return null;
  const shown = [...url.searchParams].map(([name, value]) => `${name}=${value}`).toSorted();
  const due = ["Action=ConfirmSubscription", `Token=${token}`, `TopicArn=${topic.arn}`];
  if (shown.join("\n") !== due.join("\n")) return null;
  const query = new URLSearchParams({ Action: "ConfirmSubscription", TopicArn: topic.arn, Token: token });
  return `/?${query.toString()}`;
}

/** Compared as text: parsers differ about what an address means, a prefix has one meaning. */
function pathAt({ host }: Topic, address: string): string | null {
  for (const origin of [`https://${host}`, `https://${host}:443`]) {
    if (address.startsWith(`${origin}/`)) return address.slice(origin.length);
  }
  return null;
}
