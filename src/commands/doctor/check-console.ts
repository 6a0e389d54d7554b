import { type Check, note, warning } from "./check.ts";

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** How people reach the console, where there is one. */
export const checkConsole: Check = {
  name: "console",
  run({ config: { web } }) {
    const shown = web?.console;
    if (shown == null) return Promise.resolve([]);
    const { host, port, publicUrl } = shown;
    if (publicUrl === null) {
      return Promise.resolve([
        note(
          `The console is shown at ${host}:${port}, and console.publicUrl does not say where people reach it.`,
          "Cards have no link to it.",
          "Set console.publicUrl to its address as people's browsers see it.",
        ),
      ]);
    }
    const { protocol, hostname } = new URL(publicUrl);
    if (protocol === "https:" || loopback.test(hostname)) return Promise.resolve([]);
    return Promise.resolve([
      warning(
        `People reach the console by ${publicUrl}, which is not encrypted.`,
        "CONSOLE_TOKEN and the cookie of whoever is signed in can be read on the way.",
        "Put a proxy with TLS before it, and write its https address into console.publicUrl.",
      ),
    ]);
  },
};
