// What happens in the browser without the server: which sources are shown, scrolling, copying, light and dark.
// Every listener sits on the document, because Gradio builds and rebuilds the page under it.
(() => {
  "use strict";
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const byId = (id) => document.getElementById(id);
  const turns = () => [...document.querySelectorAll("#conversation .turn")];
  let shownTurn = null; // id of the turn whose sources are shown; null: the last one
  let marked = null; // number of the card that is marked
  let shownSources = null;
  let lastTurn = null;
  let themed = false;

  function scrollTo(element, block) {
    element.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block });
  }

  function shown() {
    const all = turns();
    return all.find((turn) => turn.id === shownTurn) || all[all.length - 1] || null;
  }

  function cardOf(number) {
    return document.querySelector(`#sources .source[data-number="${CSS.escape(number)}"]`);
  }

  function mark(number) {
    marked = number;
    const turn = shown();
    for (const card of document.querySelectorAll("#sources .source")) {
      card.classList.toggle("active", card.dataset.number === number);
    }
    for (const button of document.querySelectorAll("#conversation .citation")) {
      const on = button.dataset.number === number && button.closest(".turn") === turn;
      if (on) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  // The sources of a turn ride in its data-sources attribute, escaped by the server.
  function showSources() {
    const panel = document.querySelector("#sources .panel");
    if (!panel) return;
    if (panel.dataset.empty === undefined) panel.dataset.empty = panel.innerHTML;
    const turn = shown();
    const html = turn ? turn.dataset.sources : panel.dataset.empty;
    const key = turn ? turn.id + html : "";
    if (key !== shownSources) {
      shownSources = key;
      panel.innerHTML = html;
    }
    mark(turn ? marked : null);
  }

  function openSource(button) {
    shownTurn = button.closest(".turn").id;
    marked = button.dataset.number;
    showSources();
    const card = cardOf(marked);
    if (!card) return;
    card.focus({ preventScroll: true });
    scrollTo(card.querySelector("mark") || card, "center");
  }

  function backToMark(number) {
    const turn = shown();
    const button = turn && turn.querySelector(`.citation[data-number="${CSS.escape(number)}"]`);
    if (!button) return;
    button.focus({ preventScroll: true });
    scrollTo(button, "center");
  }

  async function copy(button) {
    const text = button.dataset.copy;
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "unseen";
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    button.textContent = done ? "Copied" : "Copy failed";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  function askWhetherSure(button) {
    if (button.dataset.sure === "yes") return;
    const named = button.getAttribute("aria-label");
    button.textContent = "Really delete?";
    button.setAttribute("aria-label", `Really: ${named}?`);
    // Not at once: the second half of a double click must not count as the answer.
    setTimeout(() => { button.dataset.sure = "yes"; }, 300);
    setTimeout(() => {
      if (!button.isConnected) return;
      delete button.dataset.sure;
      button.textContent = "Delete";
      button.setAttribute("aria-label", named);
    }, 5000);
  }

  function switchTheme() {
    const dark = document.body.classList.toggle("dark");
    try { localStorage.setItem("newsdesk-theme", dark ? "dark" : "light"); } catch { /* not kept */ }
  }

  function applyTheme() {
    let kept = null;
    themed = true;
    try { kept = localStorage.getItem("newsdesk-theme"); } catch { /* not kept */ }
    if (kept) document.body.classList.toggle("dark", kept === "dark");
  }

  function set(element, name, value) {
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  function able(id, yes) {
    const button = byId(id);
    if (button && button.disabled === yes) button.disabled = !yes;
  }

  function sync() {
    const conversation = byId("conversation");
    if (!conversation) return;
    if (!themed) applyTheme();
    const all = turns();
    const last = all[all.length - 1] || null;
    const answer = last && last.querySelector(".answer");
    const busy = Boolean(answer) && answer.dataset.state === "busy";
    set(conversation, "role", "log");
    set(conversation, "aria-label", "Conversation");
    set(conversation, "aria-live", "polite");
    set(conversation, "aria-busy", String(busy));
    set(conversation, "tabindex", "0");
    set(byId("sources"), "role", "region");
    set(byId("sources"), "aria-label", "Sources of the answer");
    set(document.body, "data-turns", String(all.length));
    able("send", !busy);
    able("stop", busy);
    able("retry", Boolean(last) && !busy);
    able("clear", Boolean(last));
    const id = last ? last.id : null;
    if (id !== lastTurn) {
      lastTurn = id;
      shownTurn = null;
      marked = null;
      if (last) requestAnimationFrame(() => last.scrollIntoView({ block: "start" }));
    }
    showSources();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".citation")) openSource(button);
    else if (button.matches(".back")) backToMark(button.dataset.number);
    else if (button.matches(".copy")) copy(button);
    else if (button.matches(".delete")) askWhetherSure(button);
    else if (button.matches(".theme")) switchTheme();
  });

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; sync(); });
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true,
    attributes: true, attributeFilter: ["data-sources", "data-state"] });
  sync();
})();
