// Paper and code: clicks are sent to the server, which calls `showPlace` to scroll to a place and mark it.
function emitTarget(event, emit) {
  if (event.type === "input" || event.type === "change") {
    const fields = event.currentTarget.querySelectorAll("[name]"); // send all: of two changes at once, only one is emitted
    if (event.target.name) emit(Object.fromEntries([...fields].map((one) => [one.name, one.value])));
    return;
  }
  const to = event.target.closest("[data-r], [data-path], [data-step]");
  const isSelecting = event.type === "click" && !getSelection().isCollapsed && event.target.closest(".side");
  if (!to || to.matches(".code") || isSelecting || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.type !== "click" && to.matches("a, button")) return;
  event.preventDefault();
  emit({ ...to.dataset });
}

function showFilter(values) {
  for (const one of document.querySelectorAll(".requirement-list [name]")) one.value = values[one.name];
}

async function showPlace({ requirement, anchor, path, line, url, detail, isNew }) {
  if (isNew && url !== location.pathname + location.search) history.pushState(null, "", url);
  else history.replaceState(history.state, "", url);
  latestDetail = { requirement, detail };
  await new Promise(requestAnimationFrame); // the list may have been drawn by the same message
  markItem();
  const row = await shownLine(path, line);
  for (const one of document.querySelectorAll(".reading .on")) one.classList.remove("on");
  for (const select of document.querySelectorAll(".files select")) select.value = path;
  const block = document.getElementById(`at-${anchor}`);
  const owned = requirement ? [...document.querySelectorAll(`.side [data-r~="${requirement}"]`)] : [];
  for (const one of [block, row, ...owned]) one?.classList.add("on");
  const words = owned.find((one) => one.closest(".paper"));
  await keepInView([
    [document.querySelector(".side.left"), words ?? block],
    [document.querySelector(".side.right"), line > 1 || requirement ? row : document.querySelector(".side.right .code")],
    [document.querySelector(".requirement-list .list"), document.querySelector(".item.selected")],
  ]);
}

// The selected requirement is shown in full inside its item, so that the list need not be sent again.
let latestDetail = { requirement: "", detail: "" };

function markItem() {
  for (const one of document.querySelectorAll(".item.selected")) {
    one.classList.remove("selected");
    one.querySelector(".full")?.remove();
    one.querySelector("a").removeAttribute("aria-current");
  }
  const item = document.querySelector(`.item[data-item="${CSS.escape(latestDetail.requirement)}"]`);
  for (const one of document.querySelectorAll(".steps .clear")) one.hidden = !latestDetail.requirement;
  if (!item || !latestDetail.requirement) return;
  item.classList.add("selected");
  item.querySelector("a").setAttribute("aria-current", "true");
  item.insertAdjacentHTML("beforeend", latestDetail.detail);
}

window.addEventListener("popstate", () => {
  if (document.querySelector(".reading")) emitEvent("place", Object.fromEntries(new URLSearchParams(location.search)));
});

// A section of the paper gets its true height only near the window, so a target may move a frame later: scroll until it
// stays in place, or until a later place is shown.
let latestPlace = 0;

async function keepInView(pairs) {
  const mine = (latestPlace += 1);
  for (let frame = 0, still = 0; frame < 60 && still < 5 && mine === latestPlace; frame += 1) {
    const moved = pairs.filter(([pane, target]) => scrollWithin(pane, target));
    still = moved.length ? 0 : still + 1;
    await new Promise(requestAnimationFrame);
  }
}

// The lines of code may arrive shortly after the call to show them.
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
  if (!here) return;
  const bar = here.parentElement;
  if (here.offsetLeft + here.offsetWidth + 24 > bar.scrollLeft + bar.clientWidth) bar.scrollLeft = here.offsetLeft - 24;
}
