// Editing: what was typed is sent when it is asked for, and is not lost without a warning.
const editor = () => document.querySelector("textarea.editor");

const isEdited = () => editor() && editor().value !== editor().defaultValue;

function editKept() {
  if (editor()) editor().defaultValue = editor().value;
}

window.addEventListener("beforeunload", (event) => {
  if (isEdited()) event.preventDefault();
});

document.addEventListener("input", (event) => {
  if (event.target === editor()) document.querySelector(".editing")?.classList.toggle("edited", isEdited());
});

async function copyText(selector, button) {
  const field = document.querySelector(selector);
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else {
    field.select();
    document.execCommand("copy");
  }
  button.textContent = "Copied";
}
