// Asks for the token of the admin API.

import { byId, el } from "./dom.js";

/**
 * Show a form for the token.
 * @param {import("./api.js").Api} api
 * @param {() => void} go called when the user submits a token
 */
export function askForToken(api, go) {
  const place = byId("token");
  const isWrong = api.token !== null;
  const input = el("input", {
    type: "password",
    id: "admin-token",
    autocomplete: "off",
    required: true,
    "aria-describedby": "token-help",
  });
  const form = el(
    "form",
    {
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        api.authorize(input.value);
        go();
      },
    },
    el("h2", {}, "This mock requires a token"),
    el("label", { for: "admin-token" }, "Admin token"),
    el("div", { class: "tools" }, input, el("button", { type: "submit", class: "primary" }, "Open the console")),
    isWrong ? el("p", { class: "wrong", role: "alert" }, "The token is wrong.") : null,
    el(
      "p",
      { id: "token-help", class: "soft" },
      "The value of ",
      el("code", {}, "--admin-token"),
      " or of the variable ",
      el("code", {}, "RESPAN_MOCK_ADMIN_TOKEN"),
      " that the mock was started with. This tab stores it until you close the tab.",
    ),
  );
  place.replaceChildren(form);
  place.hidden = false;
  byId("console").hidden = true;
  byId("state").hidden = true;
  input.focus();
}

export function hideTokenForm() {
  byId("token").replaceChildren();
  byId("token").hidden = true;
}
