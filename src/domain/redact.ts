/**
 * Takes credentials out of a text before it reaches a model, Slack, a log or the ledger. Every pattern is
 * linear: no nested or overlapping repetition, so that a hostile text costs no more than its length.
 */
export function redact(text: string): string {
  return patterns.reduce((cleaned, [pattern, replacement]) => cleaned.replaceAll(pattern, replacement), text);
}

/** True for a name that says that its value is a credential: `DB_PASSWORD`, `X-Amz-Signature`, `apiKey`. */
export function namesSecret(name: string): boolean {
  return secretName.test(name);
}

export const gone = "[redacted]";

const secretWords =
  "password|passwd|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|credential|signature|cookie";

const secretName = new RegExp(`(?:${secretWords})$`, "i");

const patterns: readonly (readonly [RegExp, string])[] = [
  // Whole key blocks first: what stands inside them would match other patterns piecemeal.
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,10000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
    gone,
  ],
  // JSON Web Tokens.
  [/\beyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,8192}(?:\.[A-Za-z0-9_-]{0,4096})?/g, gone],
  // user:password@ in any URL.
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{0,256}:[^\s/@]{1,256}@/gi, `$1${gone}@`],
  // Authorization headers.
  [
    /\b(authorization['"]?\s{0,4}[:=]\s{0,4}['"]?(?:bearer|basic|token)\s{1,4})[^\s'",;]{4,4096}/gi,
    `$1${gone}`,
  ],
  [/\b(bearer)(\s{1,4})[A-Za-z0-9._~+/=-]{12,4096}/gi, `$1$2${gone}`],
  // "Token verification", "Basic authentication": here only what no word looks like is taken for a credential.
  [/\b(basic|token)(\s{1,4})(?=[A-Za-z._~+/=-]{0,60}[0-9])[A-Za-z0-9._~+/=-]{12,4096}/gi, `$1$2${gone}`],
  // Tokens that say themselves what they are.
  [/\bxox[a-z]{1,2}-[A-Za-z0-9-]{8,512}/g, gone],
  [/\bxapp-[A-Za-z0-9-]{8,512}/g, gone],
  [/\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{8,256}/g, gone],
  [/\bgh[pousr]_[A-Za-z0-9]{20,255}/g, gone],
  [/\bgithub_pat_[A-Za-z0-9_]{20,255}/g, gone],
  [/\bglpat-[A-Za-z0-9_-]{16,255}/g, gone],
  [/\bsk-[A-Za-z0-9_-]{16,512}/g, gone],
  [/\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}/g, gone],
  [/\bwhsec_[A-Za-z0-9+/=]{16,255}/g, gone],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, gone],
  [/\bAIza[A-Za-z0-9_-]{30,64}/g, gone],
  [/\bya29\.[A-Za-z0-9_-]{20,2048}/g, gone],
  [/\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g, gone],
  [/\bnpm_[A-Za-z0-9]{30,64}/g, gone],
  [/\bdop_v1_[a-f0-9]{40,128}/g, gone],
  [/\bhv[sbr]\.[A-Za-z0-9_-]{20,512}/g, gone],
  [/\bglsa_[A-Za-z0-9_]{20,128}/g, gone],
  [/\bapi-[A-Za-z0-9_-]{30,128}/g, gone],
  // name=value, "name": "value", name: value.
  [
    new RegExp(
      String.raw`\b([a-z0-9_.-]{0,40}(?:${secretWords}))(["']?\s{0,4}[:=]\s{0,4}["']?)(?!\[redacted\])[^\s"'&,;]{4,512}`,
      "gi",
    ),
    `$1$2${gone}`,
  ],
];
