// Keys, focus, dark mode, and events before the server is connected.
document.documentElement.lang ||= "en";

const isTyping = (element) => element?.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

const shown = (element) => element.getClientRects().length > 0;

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog.keys[open]")) return;
  if (event.key === "Escape" && isTyping(document.activeElement)) return document.activeElement.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === " " && event.target.closest("button, a, summary, input")) return;
  if (event.key === "?") return showKeys();
  const element = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key && shown(one));
  if (!element) return;
  event.preventDefault();
  const field = element.matches("input, textarea") ? element : element.querySelector("input, textarea");
  if (field) field.focus();
  else element.click();
});

function showKeys() {
  const dialog = document.createElement("dialog");
  dialog.className = "keys";
  const list = document.createElement("dl");
  const row = (key, does) => {
    for (const [tag, text] of [["dt", key], ["dd", does]]) list.append(Object.assign(document.createElement(tag), { textContent: text }));
  };
  for (const element of document.querySelectorAll("[data-key]")) if (shown(element)) row(element.dataset.key.replace(" ", "Space"), element.dataset.does);
  row("Esc", "leave a field, close this");
  dialog.append(Object.assign(document.createElement("h2"), { textContent: "Keys" }), list);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// If the focused element is redrawn, focus its replacement.
let focused;

const nameOf = (element) => element.getAttribute("href") ?? element.getAttribute("aria-label") ?? element.textContent;

document.addEventListener("focusin", (event) => (focused = event.target));
document.addEventListener("pointerdown", () => (focused = undefined));
document.addEventListener("focusout", (event) => setTimeout(() => event.target === focused && focused.isConnected && (focused = undefined)));

// Parts that are redrawn keep what the user has unfolded: `data-fold` names a fold.
const folds = new Map();

document.addEventListener("toggle", (event) => {
  const name = event.target.dataset?.fold;
  if (name) folds.set(name, event.target.open);
}, true);

// Code lines wrap or scroll, as the user chose last.
const setWrap = (isOn) => {
  document.documentElement.classList.toggle("wrap-code", isOn);
  for (const one of document.querySelectorAll("[data-wrap]")) one.setAttribute("aria-pressed", isOn);
};

setWrap(localStorage.getItem("papercoder-wrap") === "1");

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (!event.target.closest?.("[data-wrap]")) return;
  const isOn = !document.documentElement.classList.contains("wrap-code");
  localStorage.setItem("papercoder-wrap", isOn ? "1" : "0");
  setWrap(isOn);
});

new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      for (const fold of [node, ...node.querySelectorAll("[data-fold]")]) {
        if (folds.has(fold.dataset?.fold)) fold.open = folds.get(fold.dataset.fold);
      }
      if (node.querySelector("[data-wrap]")) setWrap(document.documentElement.classList.contains("wrap-code"));
    }
  }
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  const name = nameOf(focused);
  const twins = [...document.querySelectorAll(focused.tagName)].filter((one) => nameOf(one) === name && shown(one));
  twins[0]?.focus({ preventScroll: true });
}).observe(document.body, { childList: true, subtree: true });

function toggleDark() {
  const dark = !Quasar.Dark.isActive;
  setDark(dark);
  document.cookie = `papercoder-dark=${dark ? 1 : 0}; path=/; max-age=31536000; samesite=lax`;
}

// Until the page is connected, NiceGUI retries each event by itself and in any order, so a click could arrive before
// earlier input. Buttons and Enter wait for the connection, and a little longer than one such retry.
const RETRY_MS = 10;

for (const type of ["click", "keydown"]) document.addEventListener(type, waitForServer, true);

async function waitForServer(event) {
  const isAction = event.type === "click" ? event.target.closest("button") : event.key === "Enter" && event.target.matches("input");
  if (window.did_handshake || !isAction) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  while (!window.did_handshake) await new Promise((done) => setTimeout(done, RETRY_MS));
  await new Promise((done) => setTimeout(done, 3 * RETRY_MS));
  event.target.dispatchEvent(new event.constructor(event.type, event));
}
