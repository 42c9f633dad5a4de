"use strict";
(() => {
  const needs = [...document.querySelectorAll("article.need")];
  const filter = document.querySelector(".filter");
  const showAll = () => document.querySelectorAll("details").forEach((one) => { one.open = true; });
  window.addEventListener("beforeprint", showAll);
  if (!filter) return;
  filter.hidden = false;
  const searchBox = document.getElementById("search-text");
  const buttons = [...filter.querySelectorAll("button")];
  let state = "";
  const apply = () => {
    const words = searchBox.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const need of needs) {
      const text = need.textContent.toLowerCase();
      const matches = (!state || need.dataset.state === state) && words.every((word) => text.includes(word));
      need.hidden = !matches;
      shown += matches ? 1 : 0;
    }
    document.getElementById("shown").textContent = shown === needs.length ? "" : `${shown} of ${needs.length}`;
  };
  searchBox.addEventListener("input", apply);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      state = button.dataset.show;
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      apply();
    });
  }
})();
