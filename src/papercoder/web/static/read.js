// Paper and code: what was clicked is told to the server, which says what to show; here it is scrolled to and marked.
function pointed(event, emit) {
  if (event.type === "input" || event.type === "change") {
    const fields = event.currentTarget.querySelectorAll("[name]"); // all of them: of two changes at once, one is told
    if (event.target.name) emit(Object.fromEntries([...fields].map((one) => [one.name, one.value])));
    return;
  }
  const to = event.target.closest("[data-r], [data-path], [data-step], [data-page]");
  const isSelecting = event.type === "click" && !getSelection().isCollapsed && event.target.closest(".side");
  if (!to || to.matches(".code") || isSelecting || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.type !== "click" && to.matches("a, button")) return;
  event.preventDefault();
  emit({ ...to.dataset });
}

async function showPlace({ need, anchor, path, line, url }) {
  history.replaceState(history.state, "", url);
  const row = await shownLine(path, line);
  for (const one of document.querySelectorAll(".reading .on")) one.classList.remove("on");
  for (const select of document.querySelectorAll(".files select")) select.value = path;
  const block = document.getElementById(`at-${anchor}`);
  const owned = need ? [...document.querySelectorAll(`.side [data-r~="${need}"]`)] : [];
  for (const one of [block, row, ...owned]) one?.classList.add("on");
  const words = owned.find((one) => one.closest(".paper"));
  scrollWithin(document.querySelector(".side.left"), words ?? block);
  scrollWithin(document.querySelector(".side.right"), line > 1 || need ? row : document.querySelector(".side.right .code"));
  scrollWithin(document.querySelector(".needs .list"), document.querySelector(".item.chosen"));
}

// The server's new lines arrive a little before or after its word to show them.
async function shownLine(path, line) {
  for (let tries = 0; tries < 60; tries += 1) {
    const code = document.querySelector(".side.right .code");
    if (code?.dataset.path === path && code.dataset.first <= line && line <= Math.max(code.dataset.last, 1)) break;
    if (document.querySelector(".side.right .empty")) break;
    await new Promise((done) => setTimeout(done, 16));
  }
  return document.querySelector(`.side.right .code li[data-n="${line}"]`);
}

function scrollWithin(pane, target) {
  if (!pane || !target) return;
  const [inside, around] = [target.getBoundingClientRect(), pane.getBoundingClientRect()];
  const isSeen = inside.top >= around.top + 24 && inside.bottom <= around.bottom - 24;
  if (!isSeen) pane.scrollTop += inside.top - around.top - Math.min(around.height / 3, 180);
}

function showTab() {
  const here = document.querySelector("nav.tabs [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - 60;
}
