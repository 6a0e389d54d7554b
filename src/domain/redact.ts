/**
 * Takes credentials out of a text before it reaches a model, Slack, a log or the ledger. Every pattern is
 * linear: no nested or overlapping repetition, so that a hostile text costs no more than its length.
 *
 * What is found by its form alone is listed in `tokenForms`; the rest is found by what stands before it: a name that
 * says that its value is a credential, a scheme of authentication, the place of a password in an address. Numbers of
 * payment cards go too. Addresses of people and machines stay: an on-call engineer works with them.
 */
export function redact(text: string): string {
  if (!text.includes("%")) return cleaned(text);
  // Part of an address, perhaps: what is written in escapes is looked at without them, and shown like that.
  const plain = unescaped(text);
  const read = cleaned(plain);
  return read === plain && plain !== text ? cleaned(text) : read;
}

function cleaned(text: string): string {
  let left = text;
  for (const [pattern, replacement] of patterns) left = left.replaceAll(pattern, replacement);
  return left
    .replaceAll(/(?<![A-Za-z0-9/+_.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])/g, (found) =>
      looksRandom(found) ? gone : found,
    )
    .replaceAll(/(?<![\d.-])[3-6]\d{3}(?:[ -]?\d){9,12}(?![\d.-])/g, (found) =>
      isCardNumber(found) ? gone : found,
    );
}

/** Of ASCII alone, which is what credentials are made of. */
function unescaped(text: string): string {
  return text.replaceAll(/%(?:0[9AaDd]|[2-7][0-9A-Fa-f])/g, (escape) => characters.get(escape) ?? escape);
}

const characters: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 128 }, (_, code) => {
    const [upper, character] = [code.toString(16).toUpperCase().padStart(2, "0"), String.fromCharCode(code)];
    return [upper, upper.toLowerCase(), `${upper[0]}${upper[1]?.toLowerCase()}`].map(
      (hex) => [`%${hex}`, character] as const,
    );
  }).flat(),
);

/** True for a name that says that its value is a credential: `DB_PASSWORD`, `X-Amz-Signature`, `apiKey`. */
export function namesSecret(name: string): boolean {
  return secretName.test(name);
}

export const gone = "[redacted]";

const secretWords = [
  "pass(?:word|wd|phrase|code)",
  "(?<=[_.-])pass",
  "\\bpass(?=[\"']?=)",
  "pwd",
  "secret(?:[_-]?(?:key(?:[_-]?base)?|value|id|token|string|data))?",
  "token(?:[_-]?(?:value|key|secret|id))?",
  "api[_-]?key(?:[_-]?(?:value|id))?",
  "(?:access|account|auth|client|encryption|license|licence|private|sas|shared|signing|ssh|storage)[_-]?key",
  "(?:access|auth|login)[_-]?code",
  "credentials?",
  "connection[_-]?string",
  "signature",
  "cookie",
  "j?sess(?:ion)?[_-]?id",
  "phpsessid",
  "connect\\.sid",
].join("|");

/** Names whose values are credentials only where they look like one: others route and group by them. */
const keyNames =
  "(?:admin|app|application|consumer|deploy|env|event|ingest|ingestion|instrumentation|integration|master|routing|sdk|service|subscription|user|write)[_-]?key";

const secretName = new RegExp(`(?:${secretWords})$`, "i");

/** Between a name and its value: `=`, `:`, `=>`, with quotes that may themselves be escaped. */
const sign = String.raw`\\{0,4}["']?\s{0,4}(?:=>|[:=：＝])\s{0,4}`;

/** Tokens that say themselves what they are, by the prefix that their issuer gives them. */
const tokenForms = [
  // Chats and their webhooks.
  "xox[a-z]{1,2}(?:\\.xox[a-z])?-[A-Za-z0-9-]{8,512}",
  "xapp-[A-Za-z0-9-]{8,512}",
  "(?:bot)?\\d{8,10}:AA[A-Za-z0-9_-]{30,40}",
  "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}",
  // Code and packages.
  "gh[pousr]_[A-Za-z0-9]{20,255}",
  "github_pat_[A-Za-z0-9_]{20,255}",
  "gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{16,255}",
  "npm_[A-Za-z0-9]{30,64}",
  "pypi-[A-Za-z0-9_-]{16,512}",
  "rubygems_[a-f0-9]{40,64}",
  "oy2[a-z0-9]{43}",
  "dckr_[a-z]{2,4}_[A-Za-z0-9_-]{20,64}",
  "(?:ATATT3|ATCTT3|ATBB)[A-Za-z0-9_=.-]{20,512}",
  // Clouds.
  "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
  "ABSK[A-Za-z0-9+/]{40,512}={0,2}",
  "AIza[A-Za-z0-9_-]{30,64}",
  "ya29\\.[A-Za-z0-9_-]{20,2048}",
  "1//0[A-Za-z0-9_-]{20,512}",
  "GOCSPX-[A-Za-z0-9_-]{16,64}",
  "do[opr]_v1_[a-f0-9]{40,128}",
  "dapi[a-f0-9]{32}",
  "tskey-[A-Za-z0-9-]{16,128}",
  "HRKU-[A-Za-z0-9_-]{20,128}",
  "v1\\.0-[a-f0-9]{24}-[a-f0-9]{100,200}",
  "(?:sbp|figd|lin_api|ntn|pscale_tkn|pul|rnd|rdme|fo1|fm[12]|shpat|shpca|shppa|shpss|phx|lsv2_[a-z]{2}|hf|gsk|r8|pat|nvapi)[_-][A-Za-z0-9_]{24,255}",
  "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{40,100}",
  "hv[sbr]\\.[A-Za-z0-9_-]{20,512}",
  "s\\.[A-Za-z0-9]{24}",
  "dp\\.[a-z]{2,6}\\.[A-Za-z0-9_.-]{20,128}",
  "ops_eyJ[A-Za-z0-9_-]{20,4096}",
  "AGE-SECRET-KEY-1[A-Z0-9]{40,80}",
  // Telemetry and alerting.
  "gl(?:sa|c)_[A-Za-z0-9_=+/-]{20,512}",
  "(?:NRAK|NRJS|NRAL|NRII|NRRA|NRSP)-[A-Za-z0-9]{16,64}",
  "dt0[a-z]\\d{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}",
  "sntry[su]_[A-Za-z0-9_=+/-]{20,512}",
  "api-[A-Za-z0-9_-]{30,128}",
  // Payment, mail, models and the rest.
  "sk-[A-Za-z0-9_-]{16,512}",
  "secret_[A-Za-z0-9]{36,64}",
  "xai-[A-Za-z0-9]{20,255}",
  "pplx-[A-Za-z0-9]{20,255}",
  "[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,255}",
  "sq0[a-z]{3}-[A-Za-z0-9_-]{20,64}",
  "whsec_[A-Za-z0-9+/=_-]{16,255}",
  "SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,128}",
  "key-[a-f0-9]{32}",
  "[a-f0-9]{32}-us\\d{1,2}",
  "(?:SK|AC)[a-f0-9]{32}",
  "PMAK-[a-f0-9]{24}-[a-f0-9]{34}",
  // JSON Web Tokens, and JSON in base64, of which several issuers make their keys.
  "eyJ[A-Za-z0-9_-]{8,4096}(?:\\.[A-Za-z0-9_-]{4,8192}){1,2}",
  "eyJ[A-Za-z0-9+/_-]{40,4096}={0,2}",
].join("|");

const patterns: readonly (readonly [RegExp, string])[] = [
  // Whole key blocks first: what stands inside them would match other patterns piecemeal.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=:.,()\s\\]{0,10000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
    gone,
  ],
  [/\bPuTTY-User-Key-File-\d:[A-Za-z0-9+/=:.,()\s\\-]{0,10000}/g, gone],
  // user:password@ and token@ in any address.
  [/(:\/\/)[^\s/@:"'<>]{0,256}:[^\s/"'<>]{1,256}@/g, `$1${gone}@`],
  [/(:\/\/)[A-Za-z0-9_-]{16,256}@/g, `$1${gone}@`],
  // Of databases and queues also with a slash in the password, which after a host's port would be a path.
  [
    /\b((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse):\/\/)[^\s/@:"'<>]{0,128}:(?!\d{1,5}\/)[^\s"'<>]{1,128}@/gi,
    `$1${gone}@`,
  ],
  // Authorization headers, whatever the scheme.
  [
    /\b(authorization\\{0,4}['"]?\s{0,4}[:=]\s{0,4}\\{0,4}['"]?(?!(?:[a-z][a-z0-9-]{1,20}\s{1,4})?\[redacted\])(?:[a-z][a-z0-9-]{1,20}\s{1,4})?)[^\s'",;\\]{4,4096}/gi,
    `$1${gone}`,
  ],
  [/\b(bearer|geniekey)(\s{1,4})[A-Za-z0-9._~+/=-]{12,4096}/gi, `$1$2${gone}`],
  // Shorter ones, and parts of a digest, where no word looks like them.
  [/\b(bearer)(\s{1,4})(?=[A-Za-z._~+/=-]{0,60}[0-9])[A-Za-z0-9._~+/=-]{6,4096}/gi, `$1$2${gone}`],
  [/\b((?:c?nonce|response)=\\{0,4}["'])(?=[A-Za-z+/=_-]{0,60}[0-9])[A-Za-z0-9+/=_-]{16,256}/gi, `$1${gone}`],
  // "Token verification", "Basic authentication": here only what no word looks like is taken for a credential.
  [
    /\b(basic|token|splunk|apikey)(\s{1,4})(?=[A-Za-z._~+/=-]{0,60}[0-9])[A-Za-z0-9._~+/=-]{12,4096}/gi,
    `$1$2${gone}`,
  ],
  [/\b(basic\s{1,4})[A-Za-z0-9+/]{8,512}={1,2}/gi, `$1${gone}`],
  // A whole line of cookies.
  [
    /\b(cookie\\{0,4}["']?\s{0,4}[:=]\s{0,4}\\{0,4}["']?)(?=[^\s=;"']{1,100}=)[^\r\n"'\\]{4,2000}/gi,
    `$1${gone}`,
  ],
  // Addresses that are themselves the credential.
  [
    /\b((?:hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks|webhook\.office\.com\/webhookb2|outlook\.office\.com\/webhook|events\.pagerduty\.com\/integration|hooks\.zapier\.com\/hooks\/catch)\/)[A-Za-z0-9/@_.-]{8,512}/gi,
    `$1${gone}`,
  ],
  [/\b(api\.telegram\.org\/bot)[A-Za-z0-9:_-]{8,100}/gi, `$1${gone}`],
  [new RegExp(`(?<![A-Za-z0-9])(?:${tokenForms})`, "g"), gone],
  // "name": "value with spaces", name=value, name: value, <name>value</name>, --name value.
  [
    new RegExp(`((?:${secretWords})${sign}\\\\{0,4}")(?!\\[redacted\\])[^"\\\\\\r\\n]{1,512}`, "gi"),
    `$1${gone}`,
  ],
  [
    new RegExp(`((?:${secretWords})${sign}\\\\{0,4}')(?!\\[redacted\\])[^'\\\\\\r\\n]{1,512}`, "gi"),
    `$1${gone}`,
  ],
  [
    new RegExp(
      `((?:${secretWords})(?:${sign}|>))(?!["'\\\\[]|\\[redacted\\])(?:[^\\s"'&,;<\\\\]|[&,;](?=[^\\s"'&,;<\\\\])(?![\\w.% -]{1,60}[=:])){1,512}`,
      "gi",
    ),
    `$1${gone}`,
  ],
  [
    new RegExp(
      `((?<![\\w-])--?(?:[a-z]{1,20}-){0,3}(?:${secretWords})\\s{1,4})(?!\\[redacted\\]|-)[^\\s"']{4,512}`,
      "gi",
    ),
    `$1${gone}`,
  ],
  // curl -u name:value, mysql -pvalue.
  [
    /((?<![\w-])(?:-u\s{0,4}|--(?:proxy-)?user[\s=]{1,4})["']?[A-Za-z][^\s:"'/]{0,100}:)(?!\/)[^\s"']{1,256}/g,
    `$1${gone}`,
  ],
  [/\b(mysql[a-z]{0,10}(?:\s{1,2}[\w.=-]{1,60}){0,6}?\s{1,2}-p)[^\s"']{1,256}/g, `$1${gone}`],
  [new RegExp(`(\\b${keyNames}${sign}\\\\{0,4}["']?)[A-Za-z0-9+/=]{20,512}(?![\\w.-])`, "gi"), `$1${gone}`],
  // Of signed addresses.
  [/([?&](?:sig|auth|jwt|key|code)=)(?=[^&\s]{0,60}\d)[^\s&"'<>]{16,512}/gi, `$1${gone}`],
];

/** Letters of both kinds and digits without anything that could be a word: 40 such characters are an AWS secret key. */
function looksRandom(text: string): boolean {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return count(/[A-Z]/g) >= 6 && count(/[a-z]/g) >= 6 && count(/\d/g) >= 1 && !/[a-z]{6}|\/\/|^\//.test(text);
}

/** By issuer's length and the check digit of Luhn. */
function isCardNumber(text: string): boolean {
  const digits = text.replaceAll(/\D/g, "");
  if (!/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12})$/.test(digits)) return false;
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const value = place % 2 === 0 ? digit : 2 * digit;
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
