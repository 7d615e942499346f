(() => {
  const all = (s, r = document) => [...r.querySelectorAll(s)];
  const one = (s, r = document) => r.querySelector(s);
  const root = document.documentElement;
  const pairs = (id) => all(`#${id} .pair`).map((n) => n.cloneNode(true));

  function choose(section, id) {
    const facts = one(`template[data-v="${id}"]`, section);
    if (!facts) return false;
    const panel = one(".chosen", section);
    panel.replaceChildren(facts.content.cloneNode(true));
    one(".six", panel).replaceChildren(...pairs(id));
    all(".pt", section).forEach((a) =>
      a.dataset.v === id ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current"));
    section.dataset.chosen = id;
    return true;
  }

  function step(section, by) {
    const ids = all("template", section).map((t) => t.dataset.v);
    const at = ids.indexOf(section.dataset.chosen) + by;
    if (at < 0 || at >= ids.length) return null;
    choose(section, ids[at]);
    return ids[at];
  }

  all(".curve").forEach((section) => {
    choose(section, section.dataset.chosen);
    section.addEventListener("click", (e) => {
      const point = e.target.closest(".pt");
      if (point && choose(section, point.dataset.v)) e.preventDefault();
      const button = e.target.closest("[data-step]");
      if (button) step(section, +button.dataset.step);
    });
    section.addEventListener("keydown", (e) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      const point = e.target.closest(".pt");
      if (!by || !point) return;
      e.preventDefault();
      section.dataset.chosen = point.dataset.v;
      const id = step(section, by);
      const next = id && one(`.pt[data-v="${id}"]`, point.ownerSVGElement);
      if (next) next.focus();
    });
  });

  all(".s-img").forEach((cell) => {
    const found = pairs(cell.dataset.v).slice(0, 2);
    for (const side of ["left", "right"])
      for (const pair of found) {
        const img = one("img", pair).cloneNode();
        img.className = side;
        img.alt = "";
        cell.append(img);
      }
  });

  all("table").forEach((table) => {
    const heads = all("th", table);
    table.tHead.addEventListener("click", (e) => {
      const head = e.target.closest("th");
      if (!head || !e.target.closest("button")) return;
      const up = head.getAttribute("aria-sort") === "descending";
      const at = heads.indexOf(head);
      const key = (row) => row.cells[at].dataset.s;
      const body = table.tBodies[0];
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const d = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return up ? d : -d;
      });
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...rows);
    });
  });

  all(".copy").forEach((button) => button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1600);
  }));

  all(".csv").forEach((link) => link.addEventListener("click", (e) => {
    e.preventDefault();
    const { columns, rows } = JSON.parse(one("#rows").textContent);
    const cell = (c) => (/[",\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c);
    const text = [columns, ...rows].map((r) => r.map(cell).join(",") + "\n").join("");
    const a = document.createElement("a");
    a.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    a.download = "rows.csv";
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  }));

  one(".theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
