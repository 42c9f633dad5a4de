// The editor: its text is sent on request, and a warning protects unsaved changes.
const editor = () => document.querySelector("textarea.editor");

const isEdited = () => editor() && editor().value !== editor().defaultValue;

function markSaved() {
  if (editor()) editor().defaultValue = editor().value;
  showWhere();
}

window.addEventListener("beforeunload", (event) => {
  if (isEdited()) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (!editor() || event.isComposing) return;
  const isAlone = !event.shiftKey && !event.altKey;
  if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey) && isAlone) {
    event.preventDefault();
    document.querySelector(".button.preview-button").click();
  } else if (event.key === "Tab" && event.target.matches("textarea.editor:not(.wrapped)") && isAlone && !event.ctrlKey) {
    event.preventDefault();
    indent(event.target);
  }
});

// Inserted like typed text, so that it can be undone.
function indent(field) {
  const [start, end] = [field.value.lastIndexOf("\n", field.selectionStart - 1) + 1, field.selectionEnd];
  if (field.selectionStart === end) return document.execCommand("insertText", false, " ".repeat(4 - ((end - start) % 4)));
  field.setSelectionRange(start, end);
  const lines = field.value.slice(start, end).replace(/^(?=.)/gm, "    ");
  document.execCommand("insertText", false, lines);
  field.setSelectionRange(start, start + lines.length);
}

for (const type of ["input", "selectionchange"]) document.addEventListener(type, showWhere);

function showWhere() {
  const [field, where] = [editor(), document.querySelector(".editing .where")];
  if (!field || !where) return;
  const before = field.value.slice(0, field.selectionStart).split("\n");
  const place = `Line ${before.length} of ${field.value.split("\n").length}, column ${before.at(-1).length + 1}`;
  where.textContent = isEdited() ? `${place}; not saved` : place;
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
