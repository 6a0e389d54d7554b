import { html, type Html } from "../html.ts";
import { bareFrame } from "../parts/frame.ts";
import { root, signInPlace } from "../places.ts";

export function signInPage({ next, fault }: { next: string; fault: string | null }): Html {
  return bareFrame(
    "Sign in",
    html`<form class="card" action="${signInPlace}" method="post">
      <img src="${root}/icon.svg" alt="" width="40" height="40" />
      <h1>Signalman console</h1>
      <p>It shows incidents, changes and the ledger. It changes nothing.</p>
      ${fault !== null && html`<p class="fault" role="alert" id="fault">${fault}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <input type="text" name="username" value="signalman-console" autocomplete="username" hidden />
      <label for="token">Console token</label>
      <input
        id="token"
        name="token"
        type="password"
        required
        maxlength="500"
        autocomplete="current-password"
        ${fault !== null && html`aria-invalid="true" aria-describedby="fault"`}
      />
      <button type="submit" class="primary">Sign in</button>
    </form>`,
  );
}
