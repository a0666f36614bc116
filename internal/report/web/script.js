"use strict";
(() => {
  const items = [...document.querySelectorAll(".item")];
  const tools = document.querySelector(".tools");
  if (!tools || !items.length) return;
  document.documentElement.classList.add("js");
  const search = document.getElementById("search");
  const selects = [...tools.querySelectorAll("select")];
  const chips = [...tools.querySelectorAll(".chips button")];
  const all = document.getElementById("all");
  const found = document.getElementById("found");
  const texts = new Map();
  const textOf = (item) => {
    let text = texts.get(item);
    if (text === undefined) texts.set(item, text = item.textContent.toLowerCase());
    return text;
  };
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.value);
    let shown = 0;
    for (const item of items) {
      const marks = item.dataset.marks.split(" ");
      const show = selects.every((s) => s.selectedIndex === 0 || item.dataset[s.name] === s.value)
        && (wanted.length === 0 || wanted.some((w) => marks.includes(w)))
        && words.every((w) => textOf(item).includes(w));
      item.hidden = !show;
      if (show) shown++;
    }
    found.textContent = shown === items.length ? items.length + " shown" : shown + " of " + items.length + " shown";
  };
  let timer;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 80); });
  for (const s of selects) s.addEventListener("change", apply);
  for (const c of chips) {
    c.addEventListener("click", () => {
      c.setAttribute("aria-pressed", c.getAttribute("aria-pressed") === "true" ? "false" : "true");
      apply();
    });
  }
  all.addEventListener("click", () => {
    const open = all.dataset.open !== "yes";
    for (const item of items) if (!item.hidden) item.open = open;
    all.dataset.open = open ? "yes" : "no";
    all.textContent = open ? "Close all" : "Open all";
  });
  const jump = () => {
    const item = document.getElementById(location.hash.slice(1));
    if (!item || !item.classList.contains("item")) return;
    item.hidden = false;
    item.open = true;
    item.scrollIntoView();
  };
  window.addEventListener("hashchange", jump);
  apply();
  jump();
})();
