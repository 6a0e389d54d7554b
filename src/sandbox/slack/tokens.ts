export type TokenKind = "bot" | "app";
export type Token = {
  readonly value: string;
  readonly kind: TokenKind;
  readonly scopes: readonly string[];
  revoked: boolean;
};

/** What the app of this project asks for in its manifest: the default grant. */
export const defaultBotScopes: readonly string[] = [
  "chat:write",
  "commands",
  "files:write",
  "usergroups:read",
  "users:read",
  "users:read.email",
];

export function createTokens(first: readonly Omit<Token, "revoked">[]) {
  const known = new Map<string, Token>();
  const add = (token: Omit<Token, "revoked">): void => {
    known.set(token.value, { ...token, revoked: false });
  };
  for (const token of first) add(token);

  const revoke = (value: string): void => {
    const token = known.get(value);
    if (token === undefined) throw new Error("the Slack sandbox was asked to revoke a token it never issued");
    token.revoked = true;
  };
  return { add, revoke, find: (value: string) => known.get(value) };
}
