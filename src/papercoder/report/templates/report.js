"use strict";
(() => {
  const open = (element) => {
    for (let one = element?.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  };
  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    open(target);
    target?.scrollIntoView();
  };
  window.addEventListener("hashchange", openTarget);
  if (location.hash) openTarget();
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const filter = document.querySelector(".filter");
  if (!filter) return;
  filter.hidden = false;
  const searchBox = document.getElementById("search-text");
  const needs = [...document.querySelectorAll(".folded")];
  searchBox.addEventListener("input", () => {
    const words = searchBox.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const need of needs) {
      const text = need.textContent.toLowerCase();
      need.hidden = !words.every((word) => text.includes(word));
    }
    const shown = needs.filter((need) => !need.hidden).length;
    document.getElementById("shown").textContent = shown === needs.length ? "" : `${shown} of ${needs.length}`;
  });
})();
