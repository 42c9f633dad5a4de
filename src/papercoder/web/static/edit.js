// Editing: forms, code, and a warning that protects unsaved changes.
const plainEditor = () => document.querySelector("textarea.editor");

const isEdited = () =>
  document.querySelector(".editor-frame[data-edited]") || (plainEditor() && plainEditor().value !== plainEditor().defaultValue);

function markSaved() {
  if (plainEditor()) plainEditor().defaultValue = plainEditor().value;
  document.querySelector(".editor-frame")?.removeAttribute("data-edited");
}

window.addEventListener("beforeunload", (event) => {
  if (isEdited()) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const opener = document.querySelector(".button.preview-button");
  if (!opener || event.isComposing || event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const field = document.activeElement;
  if (field.matches("input, textarea, select")) field.dispatchEvent(new Event("change", { bubbles: true }));
  opener.click();
});

// What was typed into a field, or the button of a form that was clicked.
function emitField(event, emit) {
  const field = event.target.closest("[data-path]");
  if (field) emit({ path: field.dataset.path, value: field.type === "checkbox" ? String(field.checked) : field.value });
}

function emitAction(event, emit) {
  const button = event.target.closest("[data-do]");
  if (button) emit({ do: button.dataset.do, at: button.dataset.atPath, number: button.dataset.number ?? "" });
}

function showErrors(errors) {
  for (const place of document.querySelectorAll(".form-field[data-at]")) {
    const message = errors[place.dataset.at] ?? "";
    place.querySelector(".field-error").textContent = message;
    place.querySelector("[data-path]").toggleAttribute("aria-invalid", Boolean(message));
  }
}

function showChanged(ids) {
  for (const card of document.querySelectorAll(".edit-card")) card.classList.toggle("changed", ids.includes(card.id));
}

async function showCard(id) {
  const card = await found(`#${id}`);
  if (!card) return;
  card.scrollIntoView({ block: "center" });
  card.querySelector(".form-fields input, .form-fields textarea, .form-fields select, button")?.focus({ preventScroll: true });
}

// An element that the server sends in a moment.
async function found(selector) {
  for (let tries = 0; tries < 100; tries++) {
    const element = document.querySelector(selector);
    if (element) return element;
    await new Promise(requestAnimationFrame);
  }
}

document.addEventListener("input", ({ target }) => {
  if (!target.matches(".filter-cards")) return;
  const words = target.value.toLowerCase().split(/\s+/);
  const list = target.closest(".edit-list");
  for (const card of list.querySelectorAll(".edit-card")) card.hidden = !words.every((word) => card.textContent.toLowerCase().includes(word));
  for (const heading of list.querySelectorAll(".setting-group")) heading.hidden = Boolean(target.value);
});

// The code editor has a name, and its colours follow the dark mode of the page.
const themeNow = () => (document.body.classList.contains("body--dark") ? "githubDark" : "vscodeLight");

async function dressEditor(id, label) {
  const content = await found(".code-editor .cm-content");
  content?.setAttribute("aria-label", label);
  content?.setAttribute("tabindex", "0");
  getElement(id)?.setTheme(themeNow());
  new MutationObserver(() => getElement(id)?.setTheme(themeNow())).observe(document.body, { attributeFilter: ["class"] });
}

// The profile that is chosen elsewhere in the form of a new run.
function checkProfile(name) {
  for (const radio of document.querySelectorAll(".profile input[type=radio]")) radio.checked = radio.value === name;
}

// The field is made again after each upload.
async function nameUpload() {
  const name = () => document.querySelector(".q-uploader__input")?.setAttribute("aria-label", "Paper to upload");
  if (!(await found(".q-uploader__input"))) return;
  new MutationObserver(name).observe(document.querySelector(".q-uploader"), { childList: true, subtree: true });
  name();
}

function showPreview() {
  requestAnimationFrame(() => document.querySelector(".edit-preview").scrollIntoView({ block: "nearest" }));
}

async function copyText(selector, button) {
  const field = document.querySelector(selector);
  field.select();
  if (!document.execCommand("copy")) await navigator.clipboard.writeText(field.value);
  button.textContent = "Copied";
}
