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
  await keepInView([
    [document.querySelector(".side.left"), words ?? block],
    [document.querySelector(".side.right"), line > 1 || need ? row : document.querySelector(".side.right .code")],
    [document.querySelector(".needs .list"), document.querySelector(".item.chosen")],
  ]);
}

// A section of the paper has its true height only once it has been near the window, so what was scrolled to may move
// away a frame later: it is followed until it stays. A later place ends that.
let latestPlace = 0;

async function keepInView(pairs) {
  const mine = (latestPlace += 1);
  for (let frame = 0, still = 0; frame < 60 && still < 5 && mine === latestPlace; frame += 1) {
    const moved = pairs.filter(([pane, target]) => scrollWithin(pane, target));
    still = moved.length ? 0 : still + 1;
    await new Promise(requestAnimationFrame);
  }
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
  if (!pane || !target?.isConnected) return false;
  const [inside, around] = [target.getBoundingClientRect(), pane.getBoundingClientRect()];
  const isSeen = inside.top >= around.top + 24 && inside.bottom <= around.bottom - 24;
  const before = pane.scrollTop;
  if (!isSeen) pane.scrollTop += inside.top - around.top - Math.min(around.height / 3, 180);
  return pane.scrollTop !== before;
}

function showTab() {
  const here = document.querySelector("nav.tabs [aria-current]");
  const name = document.querySelector("nav.tabs b");
  if (!here) return;
  const [before, after] = [here.offsetLeft - name.offsetWidth - 24, here.offsetLeft + here.offsetWidth + 24];
  const way = here.parentElement;
  if (after > way.scrollLeft + way.clientWidth) way.scrollLeft = before;
}
