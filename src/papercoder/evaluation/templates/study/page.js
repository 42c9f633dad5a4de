"use strict";
(async () => {
  const content = JSON.parse(document.getElementById("content").textContent);
  const byId = (id) => document.getElementById(id);
  const pages = new Map([...document.querySelectorAll("[data-page]")].map((page) => [page.dataset.page, page]));
  const forms = new Map([...document.querySelectorAll("form.answers")].map((form) => [form.dataset.paper, form]));
  const slot = `study-${content.study}`;
  const PULSE = 5; // seconds; a longer gap means that the machine slept

  const blank = () => ({ participant: "", consent: false, papers: new Map() });
  let state = blank();
  let served = false; // by `study open`, which keeps the answers; else this browser does
  let view = "about";

  const paperState = (paper) => {
    if (!state.papers.has(paper)) state.papers.set(paper, { seconds: 0, answers: {} });
    return state.papers.get(paper);
  };
  const asFile = () => JSON.stringify({
    format: 1,
    study: content.study,
    participant: state.participant.trim(),
    consent: state.consent,
    saved: new Date().toISOString(),
    papers: [...state.papers].map(([paper, own]) => ({ paper, seconds: Math.round(own.seconds), answers: own.answers })),
  }, null, 1);
  const fromFile = (file) => {
    if (file.format !== 1 || file.study !== content.study || !Array.isArray(file.papers)) {
      throw new Error("This file belongs to another study.");
    }
    state = { participant: String(file.participant), consent: file.consent === true, papers: new Map() };
    for (const { paper, seconds, answers } of file.papers) {
      state.papers.set(String(paper), { seconds: Number(seconds) || 0, answers: { ...answers } });
    }
  };

  // Saving: one request at a time, and the last state always arrives.
  let sending = false;
  let waiting = false;
  const show = (text, wrong = false) => {
    byId("saved").textContent = text;
    byId("saved").classList.toggle("wrong", wrong);
  };
  const save = async () => {
    if (!served) {
      try {
        localStorage.setItem(slot, asFile());
        show("Saved in this browser");
      } catch {
        show("This browser keeps nothing: save to a file before you close the page", true);
      }
      return;
    }
    show("Saving…");
    if (sending) {
      waiting = true;
      return;
    }
    sending = true;
    try {
      do {
        waiting = false;
        const answer = await fetch("answers", { method: "PUT", body: asFile(), headers: { "Content-Type": "application/json" } });
        if (!waiting) show(answer.ok ? "Saved" : `Not saved: ${await answer.text()}`, !answer.ok);
      } while (waiting);
    } catch {
      show("Not saved: the program behind this page has ended", true);
    }
    sending = false;
  };
  const load = async () => {
    if (location.protocol.startsWith("http")) {
      const answer = await fetch("answers").catch(() => null);
      if (answer?.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) {
        const { participant, answers } = await answer.json();
        served = true;
        if (answers) fromFile(answers);
        state.participant = participant;
        byId("participant").readOnly = true;
        return;
      }
    }
    try {
      const kept = localStorage.getItem(slot);
      if (kept) fromFile(JSON.parse(kept));
    } catch {
      show("This browser keeps nothing: save to a file before you close the page", true);
    }
  };

  // Questions
  const openKeys = (paper) => content.papers[paper].required.filter((key) => !paperState(paper).answers[key]);
  const count = (paper) => {
    const all = content.papers[paper].required.length;
    const open = openKeys(paper).length;
    document.querySelector(`nav [data-view="${paper}"] .done`).textContent = open ? `${all - open}/${all}` : "✓";
    forms.get(paper).querySelector(".count").textContent = open ? `${open} of ${all} answers are open.` : "All questions are answered.";
  };
  const fill = () => {
    byId("participant").value = state.participant;
    byId("consent").checked = state.consent;
    for (const [paper, form] of forms) {
      const { answers } = paperState(paper);
      for (const field of form.querySelectorAll("[data-key]")) {
        const value = answers[field.dataset.key] ?? "";
        if (field.type === "radio") field.checked = field.value === value;
        else field.value = value;
      }
      count(paper);
    }
  };
  for (const [paper, form] of forms) {
    form.addEventListener("input", ({ target }) => {
      paperState(paper).answers[target.dataset.key] = target.value;
      target.closest("fieldset").classList.remove("missing");
      count(paper);
      save();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector(".open").addEventListener("click", () => {
      const open = new Set(openKeys(paper));
      for (const field of form.querySelectorAll("input")) {
        if (open.has(field.dataset.key)) field.closest("fieldset").classList.add("missing");
      }
      form.querySelector(".missing")?.scrollIntoView({ block: "center" });
    });
    form.addEventListener("click", ({ target }) => {
      if (target.matches(".to")) toPaper(paper, target.dataset.anchor);
    });
  }

  // The person and the file with the answers
  const personIsKnown = () => {
    const wrong = !state.participant.trim() ? "Enter your name or code." : !state.consent ? "Tick the box to agree, or close this page." : "";
    byId("person-wrong").textContent = wrong;
    if (wrong) go("about");
    return !wrong;
  };
  byId("person").addEventListener("input", ({ target }) => {
    if (target.id === "import") return;
    state.participant = byId("participant").value;
    state.consent = byId("consent").checked;
    byId("person-wrong").textContent = "";
    save();
  });
  byId("person").addEventListener("submit", (event) => {
    event.preventDefault();
    if (personIsKnown()) go(forms.keys().next().value);
  });
  byId("import").addEventListener("change", async ({ target }) => {
    const name = state.participant;
    try {
      fromFile(JSON.parse(await target.files[0].text()));
      if (served) state.participant = name;
      fill();
      save();
      byId("person-wrong").textContent = "";
    } catch (error) {
      byId("person-wrong").textContent = error instanceof SyntaxError ? "This is no file with answers." : error.message;
    }
    target.value = "";
  });
  const exported = () => {
    if (!personIsKnown()) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([asFile()], { type: "application/json" }));
    link.download = `answers-${content.study}-${state.participant.trim().replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    const open = [...forms.keys()].reduce((sum, paper) => sum + openKeys(paper).length, 0);
    show(open ? `Saved to a file; ${open} answers are open` : "Saved to a file: please send it back");
  };
  byId("export").addEventListener("click", exported);
  document.querySelectorAll(".finish").forEach((button) => button.addEventListener("click", exported));

  // Views
  const press = (buttons, pressed) => buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === pressed)));
  const go = (name) => {
    view = name;
    for (const [page, section] of pages) section.hidden = page !== name;
    const buttons = [...document.querySelectorAll("nav [data-view]")];
    press(buttons, buttons.find((button) => button.dataset.view === name));
  };
  document.querySelectorAll("nav [data-view]").forEach((button) => button.addEventListener("click", () => {
    if (button.dataset.view === "about" || personIsKnown()) go(button.dataset.view);
  }));
  const pane = (page, name) => {
    page.dataset.shown = name;
    const buttons = [...page.querySelectorAll("[data-pane]")];
    press(buttons, buttons.find((button) => button.dataset.pane === name));
  };
  const toPaper = (paper, anchor) => {
    const page = pages.get(paper);
    page.querySelector('[data-form="text"]')?.click();
    pane(page, "paper");
    const place = byId(`${paper}-at-${anchor}`);
    page.querySelectorAll(".found").forEach((old) => old.classList.remove("found"));
    place?.classList.add("found");
    place?.scrollIntoView({ block: "center" });
  };

  // Code
  const element = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const lineText = (tokens) => tokens.filter((_, index) => index % 2).join("");
  const browse = (paper, page) => {
    const { repositories } = content.papers[paper];
    const files = page.querySelector(".files");
    const listing = page.querySelector(".listing");
    const hits = page.querySelector(".hits");
    const search = page.querySelector(".search");
    const tabs = [...page.querySelectorAll("[data-repository]")];
    let repository = repositories[0];

    const open = (index, line = 0) => {
      files.value = String(index);
      const words = search.value.trim().toLowerCase();
      const lines = (repository.files[index]?.lines ?? []).map((tokens, number) => {
        const row = element("span", "line", "");
        for (let at = 0; at < tokens.length; at += 2) row.append(tokens[at] ? element("span", tokens[at], tokens[at + 1]) : tokens[at + 1]);
        if (words && lineText(tokens).toLowerCase().includes(words)) row.classList.add("hit");
        if (number + 1 === line) row.classList.add("here");
        return row;
      });
      listing.replaceChildren(...lines);
      listing.classList.toggle("prose", /\.(md|rst|txt)$/i.test(repository.files[index]?.path));
      listing.setAttribute("aria-label", `${repository.name}: ${repository.files[index]?.path ?? "no file"}`);
      listing.scrollTop = line ? lines[line - 1].offsetTop - listing.clientHeight / 3 : 0;
    };
    const find = () => {
      const words = search.value.trim().toLowerCase();
      const found = words.length < 2 ? [] : repository.files.flatMap((file, index) => file.lines.flatMap((tokens, number) => {
        const text = lineText(tokens);
        return text.toLowerCase().includes(words) ? [{ index, line: number + 1, label: `${file.path}:${number + 1}`, text }] : [];
      }));
      hits.hidden = words.length < 2;
      const shown = found.slice(0, 200).map(({ index, line, label, text }) => {
        const hit = element("button", "found-line", "");
        hit.type = "button";
        hit.append(element("b", "", label), ` ${text.trim().slice(0, 160)}`);
        hit.addEventListener("click", () => open(index, line));
        return hit;
      });
      hits.replaceChildren(element("p", "hint", found.length ? `${found.length} lines in ${repository.name}` : `Nothing in ${repository.name}`), ...shown);
    };
    const choose = (number) => {
      const before = files.value && repository.files[Number(files.value)].path;
      repository = repositories[number];
      press(tabs, tabs[number]);
      page.querySelectorAll(".size").forEach((size) => { size.hidden = Number(size.dataset.of) !== number; });
      const options = repository.files.map((file, index) => Object.assign(element("option", "", file.path), { value: String(index) }));
      const others = repository.others.map((path) => Object.assign(element("option", "", `${path} (not shown)`), { disabled: true }));
      files.replaceChildren(...options, ...others);
      const same = repository.files.findIndex((file) => file.path === before);
      open(Math.max(same, same < 0 ? repository.files.findIndex((file) => /(^|\/)readme/i.test(file.path)) : same, 0));
      find();
    };
    tabs.forEach((tab, number) => tab.addEventListener("click", () => choose(number)));
    files.addEventListener("change", () => open(Number(files.value)));
    search.addEventListener("input", () => { find(); open(Number(files.value)); });
    choose(0);
  };

  const showPdf = (paper, page) => {
    const text = page.querySelector("article.text");
    const buttons = [...page.querySelectorAll("[data-form]")];
    buttons.forEach((button) => button.addEventListener("click", () => {
      press(buttons, button);
      const wanted = button.dataset.form === "pdf";
      if (wanted && !page.querySelector("iframe")) {
        const bytes = Uint8Array.from(atob(content.papers[paper].pdf), (one) => one.charCodeAt(0));
        const frame = Object.assign(document.createElement("iframe"), { title: "The paper as PDF" });
        frame.src = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
        text.after(frame);
      }
      text.hidden = wanted;
      const frame = page.querySelector("iframe");
      if (frame) frame.hidden = !wanted;
    }));
  };

  for (const [paper, page] of pages) {
    if (!forms.has(paper)) continue;
    page.querySelectorAll("[data-pane]").forEach((button) => button.addEventListener("click", () => pane(page, button.dataset.pane)));
    pane(page, "code");
    browse(paper, page);
    showPdf(paper, page);
  }

  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (document.visibilityState === "visible" && forms.has(view)) paperState(view).seconds += Math.min((now - last) / 1000, PULSE);
    last = now;
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && state.participant) save(); });

  await load();
  fill();
  if (state.consent && state.participant) go(forms.keys().next().value);
  document.documentElement.dataset.ready = "";
})();
