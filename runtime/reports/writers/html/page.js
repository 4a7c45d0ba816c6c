"use strict";
// What a cell tells when it is pointed at, focused or touched; and by which rule a matrix is shaded.
(() => {
  const { show, runs } = JSON.parse(document.getElementById("runs").textContent);
  const about = document.getElementById("about");
  let at = null; // the place that is told of
  let pinned = false;

  const make = (name, text, style) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (style) element.className = style;
    return element;
  };

  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

  const fill = (name) => {
    const its = runs[name] || [];
    about.replaceChildren(make("h4", name));
    const table = make("table");
    for (const [cell, key, score] of its) {
      const row = table.insertRow();
      row.insertCell().textContent = cell.slice(name.length + 1);
      const value = row.insertCell();
      value.textContent = score ?? "missing";
      value.className = "num";
      row.insertCell().append(make("code", key, "key-of"));
    }
    about.append(table);
    const first = its.find((run) => run[2] !== null) || its[0];
    if (first && show) about.append(make("code", `${show} ${quoted(first[0])}`, "command"));
  };

  const tell = (place) => {
    if (at === place) return;
    hide();
    at = place;
    fill(place.dataset.of);
    place.classList.add("on");
    place.setAttribute("aria-describedby", "about");
    about.hidden = false;
    const box = place.getBoundingClientRect();
    const size = about.getBoundingClientRect();
    const left = Math.max(12, Math.min(box.left, document.documentElement.clientWidth - size.width - 12));
    const fits = box.bottom + size.height + 8 < window.innerHeight || box.top < size.height + 8;
    about.style.left = `${left + window.scrollX}px`;
    about.style.top = `${(fits ? box.bottom + 6 : box.top - size.height - 6) + window.scrollY}px`;
  };

  const hide = () => {
    if (at) {
      at.classList.remove("on");
      at.removeAttribute("aria-describedby");
    }
    at = null;
    pinned = false;
    about.hidden = true;
  };

  const placeOf = (event) => (event.target instanceof Element ? event.target.closest("[data-of]") : null);
  document.addEventListener("pointerover", (event) => {
    if (pinned || event.pointerType === "touch" || about.contains(event.target)) return;
    const place = placeOf(event);
    if (place) tell(place);
    else hide();
  });
  document.addEventListener("click", (event) => {
    if (about.contains(event.target)) return;
    const place = placeOf(event);
    if (!place) return hide();
    tell(place);
    pinned = true;
  });
  document.addEventListener("focusin", (event) => {
    const place = placeOf(event);
    if (place) tell(place);
  });

  // One stop of the tabulator for each table; arrows go on inside it.
  for (const table of document.querySelectorAll("table")) {
    const first = table.querySelector("[data-of]");
    if (first) first.tabIndex = 0;
  }
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const place = placeOf(event);
    if (!place || !(event.key in moves) || !place.cellIndex) return;
    const [down, right] = moves[event.key];
    const rows = [...place.closest("tbody").rows];
    let row = rows.indexOf(place.parentElement) + down;
    let column = place.cellIndex + right;
    while (rows[row] && rows[row].cells[column] && !rows[row].cells[column].dataset.of) {
      row += down;
      column += right;
    }
    const next = rows[row] && rows[row].cells[column];
    if (!next) return;
    event.preventDefault();
    place.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  const said = { h: "matches", f: "does not match", n: "undecided" };
  const shade = (figure, rule) => {
    for (const cell of figure.querySelectorAll("[data-shades]")) {
      const style = cell.dataset.shades.split(" ")[rule];
      cell.className = `num ${style}`;
      cell.title = said[style[0]];
    }
    for (const cell of figure.querySelectorAll("[data-counts]")) cell.textContent = cell.dataset.counts.split(",")[rule];
    for (const said of figure.querySelectorAll("[data-by-rule]")) said.textContent = said.dataset.byRule.split("|")[rule];
  };
  for (const figure of document.querySelectorAll(".matrix")) {
    const chosen = figure.querySelector(".rules input:checked");
    if (chosen) shade(figure, Number(chosen.value));
    figure.addEventListener("change", (event) => shade(figure, Number(event.target.value)));
  }

  // What a link leads to is opened, and everything is for print.
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  window.addEventListener("hashchange", open);
  open();
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.appendix:not([open])")];
    for (const each of closed) each.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });

  // A page that is served renews itself: its reader finds it as it was left.
  const parts = () => {
    const seen = {};
    return [...document.querySelectorAll("details")].map((part) => {
      const home = part.closest("section[id]");
      const name = `${home ? home.id : ""} ${part.querySelector("summary").textContent.replace(/[\d,]+/g, "")}`;
      seen[name] = (seen[name] || 0) + 1;
      return [`${name} ${seen[name]}`, part];
    });
  };
  const top = (part) => part.getBoundingClientRect().top;
  const leave = () => {
    const above = [...document.querySelectorAll("section[id]")].filter((part) => part.getClientRects().length && top(part) <= 1);
    const place = above[above.length - 1];
    return {
      parts: Object.fromEntries(parts().map(([name, part]) => [name, part.open])),
      rules: Object.fromEntries([...document.querySelectorAll(".rules input:checked")].map((rule) => [rule.name, rule.value])),
      place: place ? place.id : "",
      from: place ? top(place) : -window.scrollY,
    };
  };
  const find = (left) => {
    for (const [name, part] of parts()) if (name in left.parts) part.open = left.parts[name];
    for (const rule of document.querySelectorAll(".rules input"))
      if (left.rules[rule.name] === rule.value && !rule.checked) rule.click();
    const place = document.getElementById(left.place);
    window.scrollTo({ top: (place ? window.scrollY + top(place) : 0) - left.from, behavior: "instant" });
  };
  if (location.protocol.startsWith("http")) {
    const name = `ticketlang ${location.pathname}`;
    window.addEventListener("pagehide", () => {
      try { sessionStorage.setItem(name, JSON.stringify(leave())); } catch { /* a browser that keeps nothing */ }
    });
    window.addEventListener("load", () => {
      try {
        const left = JSON.parse(sessionStorage.getItem(name));
        if (left) find(left);
      } catch { /* as above */ }
    });
  }
})();
