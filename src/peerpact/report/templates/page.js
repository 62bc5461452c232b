"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const byId = (id) => document.getElementById(id);

  // Text only ever becomes a text node: nothing that a model wrote is read as markup.
  const el = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      made.setAttribute(name, value === true ? "" : String(value));
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "").map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
    return made;
  };
  const bdi = (text) => el("bdi", {}, text);
  const code = (text) => el("code", {}, bdi(text));
  const link = (hash, ...children) => el("a", { href: hash }, ...children);
  const placeHash = (subject, cell) => `#/place/${encodeURIComponent(subject)}/${encodeURIComponent(cell)}`;

  const rowsOf = (columns) => {
    const names = Object.keys(columns);
    if (!names.length) return [];
    const { v, i, n } = columns[names[0]];
    const length = n ?? (v || i).length;
    return Array.from({ length }, (_, at) => Object.fromEntries(names.map((name) => {
      const column = columns[name];
      return [name, column.v ? column.v[at] : column.t[column.i ? column.i[at] : 0]];
    })));
  };
  const once = (make) => { let made; return () => (made ??= make()); };
  const estimates = once(() => rowsOf(data.estimates));
  const contrasts = once(() => rowsOf(data.contrasts));
  const cells = once(() => rowsOf(data.cells));
  const cellOf = once(() => new Map(cells().map((cell) => [cell.cell, cell])));

  // A tie goes to the even digit, as in what was printed before the page was opened.
  const fixed = (value, digits) => {
    const [whole, rest] = value.toFixed(100).split(".");
    const kept = digits ? `${whole}.${rest.slice(0, digits)}` : whole;
    return /^50*$/.test(rest.slice(digits)) && "02468".includes(kept.at(-1)) ? kept : value.toFixed(digits);
  };
  const counted = (n, one, several) => `${n.toLocaleString("en")} ${n === 1 ? one : several}`;
  const percent = (value) => {
    if (value === null || value === undefined || value === "") return "–";
    const edge = (value > 0 && value < 0.01) || (value > 0.99 && value < 1);
    return `${fixed(100 * value, edge ? 1 : 0)} %`;
  };
  const range = (low, high) => (low === null || low === undefined ? "–" : `${percent(low)} – ${percent(high)}`);
  const points = (value) => {
    if (value === null) return "–";
    const whole = fixed(Math.abs(100 * value), 0);
    return whole === "0" ? whole : `${value > 0 ? "+" : "−"}${whole}`;
  };
  const probability = (p) => (p === null ? "–" : p < 0.0001 ? "< 0.0001" : fixed(p, p < 0.01 ? 4 : 2));
  const crossing = (levels) => levels.replaceAll(",", ", ").replaceAll("=", " ").replaceAll("_", " ");
  const scenario = (name) => (data.scenarios[name] ? data.scenarios[name].title : name);

  const save = (name, type, text) => {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const anchor = el("a", { href: address, download: name });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
  const csv = (rows) => {
    if (!rows.length) return "";
    const names = Object.keys(rows[0]);
    const field = (value) => {
      const text = value === null || value === undefined ? "" : value === true ? "True" : value === false ? "False" : String(value);
      const safe = /^[=+@\t\r]/.test(text) && typeof value === "string" ? `'${text}` : text;
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return [names.join(","), ...rows.map((row) => names.map((name) => field(row[name])).join(","))].join("\r\n") + "\r\n";
  };

  // A table that sorts, filters, and draws some rows at a time.
  const STEP = innerWidth < 736 ? 6 : 12;
  const compare = (a, b) => {
    const empty = (x) => x === null || x === undefined || x === "";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  };
  const table = (target, { label, columns, rows, filters = [], preset = {}, name }) => {
    let shown = STEP, sorted = null, down = false;
    const chosen = { ...preset };
    const body = el("tbody", { role: "rowgroup" });
    const count = el("span", { class: "count", role: "status" });
    const more = el("button", { type: "button", class: "more" }, words.more);
    const search = el("input", { type: "search", autocomplete: "off" });
    const key = columns.filter((c) => c.search !== false).map((c) => c.key);
    const matching = () => {
      const wanted = search.value.trim().toLowerCase();
      let found = rows.filter((row) => filters.every((f) => !chosen[f.key] || String(row[f.key]) === chosen[f.key])
        && (!wanted || key.some((k) => String(row[k] ?? "").toLowerCase().includes(wanted))));
      if (sorted !== null) {
        const column = columns[sorted];
        const value = column.sort || ((row) => row[column.key]);
        found = [...found].sort((a, b) => {
          const [x, y] = [value(a), value(b)];
          const blank = (v) => v === null || v === undefined || v === "";
          return blank(x) || blank(y) ? compare(x, y) : (down ? -1 : 1) * compare(x, y);
        });
      }
      return found;
    };
    const draw = () => {
      const found = matching();
      body.replaceChildren(...found.slice(0, shown).map((row) => el("tr", { role: "row" }, columns.map((c, at) => {
        const content = c.show ? c.show(row) : bdi(row[c.key] ?? "–");
        return el(at === 0 ? "th" : "td", { class: c.kind || false, scope: at === 0 ? "row" : false, role: at === 0 ? "rowheader" : "cell", "data-label": c.title }, content);
      }))));
      if (!found.length) body.append(el("tr", { role: "row" }, el("td", { colspan: columns.length, role: "cell" }, words.none)));
      count.textContent = `${Math.min(shown, found.length).toLocaleString("en")} ${words.of} ${counted(found.length, words.row, words.rows)}`;
      more.hidden = found.length <= shown;
    };
    const heads = columns.map((c, at) => {
      const button = el("button", { type: "button" }, c.title);
      const head = el("th", { scope: "col", role: "columnheader", class: c.kind === "number" ? "number" : false, "aria-sort": "none" }, button);
      button.addEventListener("click", () => {
        down = sorted === at ? !down : c.kind === "number";
        sorted = at;
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        draw();
      });
      return head;
    });
    const selects = filters.map((f) => {
      const options = [...new Set(rows.map((row) => String(row[f.key])))];
      if (options.length < 2 && !(f.key in preset)) return null;
      const select = el("select", {}, el("option", { value: "" }, words.all), options.map((o) => el("option", { value: o, selected: preset[f.key] === o }, f.name ? f.name(o) : o)));
      select.addEventListener("change", () => { chosen[f.key] = select.value; shown = STEP; draw(); });
      return el("label", {}, f.title, select);
    });
    const download = el("button", { type: "button" }, words.csv);
    download.addEventListener("click", () => save(`${data.study}-${name}.csv`, "text/csv", csv(matching())));
    search.addEventListener("input", () => { shown = STEP; draw(); });
    more.addEventListener("click", () => { shown += 20 * STEP; draw(); });
    const scroller = el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label },
      el("table", { class: "data", role: "table", "aria-label": label }, el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)), body));
    target.replaceChildren(el("div", { class: "tools" }, el("label", {}, words.search, search), selects, download, count), scroller, more);
    draw();
  };

  const weak = (row) => {
    const subject = data.subjects.find((s) => s.name === row.subject);
    return subject && subject.incapable.includes(row.scenario) ? el("span", { class: "tag warn" }, "capability not shown") : null;
  };
  const subjectCell = (row) => [bdi(row.subject), " ", weak(row)];
  const rateColumns = [
    { key: "subject", title: "Subject", show: subjectCell },
    { key: "scenario", title: "Scenario", kind: "sentence", show: (r) => bdi(scenario(r.scenario)) },
    { key: "arm_title", title: "Arm", show: (r) => link(placeHash(r.subject, r.cell), bdi([r.arm_title, crossing(r.stratum)].filter(Boolean).join(", "))) },
    { key: "outcome", title: "Outcome", show: (r) => el("span", { title: r.outcome_sentence }, bdi(r.outcome.replaceAll("_", " "))) },
    { key: "rate", title: "Rate", kind: "number", show: (r) => el("span", { title: `${r.hits} ${words.of} ${r.scored}` }, el("strong", {}, percent(r.rate))) },
    { key: "low", title: "95 % interval", kind: "number", show: (r) => range(r.low, r.high) },
    { key: "shrunk_rate", title: "Shrunk", kind: "number", show: (r) => el("span", { title: r.shrunk_low === null ? false : range(r.shrunk_low, r.shrunk_high) }, percent(r.shrunk_rate)) },
    { key: "scored", title: "Scored", kind: "number", show: (r) => `${r.scored} ${words.of} ${r.runs}` },
    { key: "refused", title: "Refused", kind: "number" },
    { key: "unscorable", title: "No score", kind: "number", show: (r) => [String(r.unscorable), r.reasons ? el("small", { class: "why" }, bdi(String(r.reasons).replaceAll("_", " "))) : null] },
    { key: "worst_lowest", title: "Worst case", kind: "number", told: (r) => r.runs > r.scored, show: (r) => (r.runs === r.scored ? "–" : range(r.worst_lowest, r.worst_highest)) },
    { key: "known_rate", title: "Known", kind: "number", show: (r) => percent(r.known_rate) },
    { key: "call", title: "Call", show: (r) => (r.call ? el("span", {}, r.call.replaceAll("_", " "), el("small", { class: "why" }, r.ended)) : "–") },
  ];
  const armTitles = once(() => new Map(cells().map((cell) => [`${cell.scenario}/${cell.cell.split("/")[1]}`, cell.title])));
  const sideOf = (r, side) => [`${based(r, side)}${r[`${side}_hits`]}/${r[`${side}_scored`]} `, el("small", {}, bdi(armTitles().get(`${r.scenario}/${r[side]}`) || r[side]))];
  const based = (r, side) => (r.by ? `${r[`${side}_base_hits`]}/${r[`${side}_base_scored`]} → ` : "");
  const contrastColumns = [
    { key: "subject", title: "Subject", show: subjectCell },
    { key: "title", title: "Contrast", kind: "sentence", show: (r) => bdi(r.title) },
    { key: "scenario", title: "Scenario", kind: "sentence", show: (r) => [bdi(scenario(r.scenario)), r.stratum ? el("small", {}, bdi(crossing(r.stratum))) : null] },
    { key: "from", title: "From", show: (r) => sideOf(r, "from") },
    { key: "to", title: "To", show: (r) => sideOf(r, "to") },
    { key: "difference", title: "Points", kind: "number", show: (r) => el("strong", {}, points(r.difference)) },
    { key: "low", title: "95 % interval", kind: "number", show: (r) => (r.low === null ? "–" : `${points(r.low)} to ${points(r.high)}`) },
    { key: "verdict", title: "Verdict", show: (r) => el("span", { title: r.reason || false }, r.verdict) },
    { key: "p_holm", title: "p (Holm)", kind: "number", show: (r) => probability(r.p_holm) },
    { key: "p_bh", title: "p (BH)", kind: "number", show: (r) => probability(r.p_bh) },
    { key: "worst_lowest", title: "Worst case", kind: "number", told: (r) => r.worst_lowest !== r.worst_highest, show: (r) => (r.worst_lowest === null || r.worst_lowest === r.worst_highest ? "–" : `${points(r.worst_lowest)} to ${points(r.worst_highest)}`) },
  ];
  const rateFilters = [
    { key: "subject", title: "Subject" },
    { key: "scenario", title: "Scenario", name: scenario },
    { key: "arm_title", title: "Arm" },
    { key: "primary", title: "Outcomes", name: (o) => (o === "true" ? "the primary one" : "the others") },
    { key: "kind", title: "Kind" },
  ];
  // A column of which no row has anything is left out.
  const known = (columns, rows) => columns.filter((c) => !rows.length || rows.some(c.told || ((r) => ![null, undefined, ""].includes(r[c.key]))));
  const VERDICTS = ["higher", "lower", "undecided"];
  const decided = (row) => (VERDICTS.includes(row.verdict) ? VERDICTS.indexOf(row.verdict) : VERDICTS.length);
  const drawTables = () => {
    table(byId("rates-table"), { label: "Rates", name: "rates", columns: known(rateColumns, estimates()), rows: estimates(), filters: rateFilters, preset: { primary: "true" } });
    table(byId("contrasts-table"), { label: "Declared contrasts", name: "contrasts", columns: known(contrastColumns, contrasts()), rows: [...contrasts()].sort((a, b) => decided(a) - decided(b)), filters: [{ key: "subject", title: "Subject" }, { key: "scenario", title: "Scenario", name: scenario }, { key: "title", title: "Contrast" }, { key: "verdict", title: "Verdict" }] });
  };

  const behind = (name) => rowsOf(data.figures[name]).map(({ control, ...row }) => row);
  for (const button of document.querySelectorAll("[data-csv]")) {
    button.addEventListener("click", () => save(`${data.study}-${button.dataset.csv}.csv`, "text/csv", csv(behind(button.dataset.csv))));
  }
  for (const holder of document.querySelectorAll("[data-figure]")) {
    holder.addEventListener("toggle", () => {
      const plain = behind(holder.dataset.figure);
      const columns = Object.keys(plain[0] || {}).map((key) => ({
        key, title: key, kind: typeof plain.find((r) => r[key] !== null && r[key] !== "")?.[key] === "number" ? "number" : false,
        show: (r) => (r[key] === null || r[key] === "" ? "–" : key === "scenario" ? bdi(scenario(r[key])) : typeof r[key] === "number" ? String(Math.round(1e4 * r[key]) / 1e4) : bdi(r[key])),
      }));
      table(holder.querySelector(".table-here"), { label: holder.dataset.figure, name: holder.dataset.figure, columns, rows: plain, filters: [{ key: "subject", title: "Subject" }] });
    }, { once: true });
  }
  for (const button of document.querySelectorAll("[data-svg]")) {
    button.addEventListener("click", () => {
      const svg = button.parentElement.querySelector("svg");
      save(`${data.study}-${button.dataset.svg}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(svg));
    });
  }
  for (const button of document.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => {
      const wanted = button.dataset.download;
      if (wanted === "everything") {
        const { study, design, package: version, seed, subjects, scenarios } = data;
        const whole = { study, design, package: version, seed, subjects, scenarios, estimates: estimates(), contrasts: contrasts(), overall: rowsOf(data.overall) };
        save(`${data.study}.json`, "application/json", JSON.stringify(whole, null, 1));
      } else {
        save(`${data.study}-${wanted}.csv`, "text/csv", csv(wanted === "estimates" ? estimates() : contrasts()));
      }
    });
  }

  // Evidence: matrix → cells → runs → the turn. Each view has an address, so that Back works.
  const places = once(() => data.places.map(([subject, cell, strip, kept], at) => ({
    at, subject: data.subjects[subject].name, cell: cells()[cell], strip, kept: new Map(kept.map(([position, id, why]) => [position, { id, why }])),
  })));
  const placeOf = (subject, cell) => places().find((p) => p.subject === subject && p.cell.cell === cell);
  const unpacked = new Map();
  const unpack = async (at) => {
    if (unpacked.has(at)) return unpacked.get(at);
    const block = byId(`block-${at}`);
    if (!block) return { prompts: null, runs: [] };
    const bytes = Uint8Array.from(atob(block.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const found = JSON.parse(await new Response(stream).text());
    unpacked.set(at, found);
    return found;
  };
  const crumbs = (...parts) => el("nav", { class: "crumbs", "aria-label": "Where this is" }, parts.flatMap((part, i) => (i ? [" › ", part] : [part])));
  const primaryOf = (place) => data.scenarios[place.cell.scenario];

  const squareView = (subject, behaviour) => {
    const rows = estimates().filter((row) => {
      return row.subject === subject && row.primary && (behaviour === "refusal" || cellOf().get(row.cell).behaviour === behaviour);
    });
    if (!rows.length) return [el("p", { class: "missing" }, words.unknown)];
    const holder = el("div");
    table(holder, { label: `${subject}, ${behaviour}`, name: "cells", columns: known(rateColumns.slice(1), rows), rows, filters: [{ key: "scenario", title: "Scenario", name: scenario }] });
    return [crumbs(link("#matrix", "Matrix"), bdi(subject), behaviour), el("h3", {}, bdi(subject), ", ", behaviour), behaviour === "refusal" ? el("p", {}, words.refusals) : null, el("p", {}, "Each arm opens its runs."), holder].filter(Boolean);
  };

  const stripOf = (place) => el("ol", { class: "strip", "aria-label": words.strip }, [...place.strip].map((letter, position) => {
    const kept = place.kept.get(position);
    const label = `${words.run} ${position + 1}: ${words[letter]}${kept ? `, ${words[kept.why]}` : ""}`;
    return el("li", {}, kept ? el("a", { href: `#/run/${kept.id}`, class: `is-${letter}`, title: label, "aria-label": label }, letter) : el("span", { class: `is-${letter}`, title: label, role: "img", "aria-label": label }, letter));
  }));
  const placeView = (place) => {
    const spec = primaryOf(place);
    const estimate = estimates().find((r) => r.subject === place.subject && r.cell === place.cell.cell && r.primary);
    const present = [...new Set(place.strip)];
    const kept = [...place.kept].map(([position, { id, why }]) => ({ position: position + 1, id, why, letter: words[place.strip[position]] })).sort((a, b) => a.position - b.position);
    const holder = el("div");
    if (kept.length) {
      table(holder, { label: words.runs, name: "runs", rows: kept, filters: [{ key: "letter", title: words.outcome }, { key: "why", title: "Chosen", name: (w) => words[w] }], columns: [
        { key: "position", title: words.run, kind: "number", show: (r) => link(`#/run/${r.id}`, `${words.run} ${r.position}`) },
        { key: "letter", title: spec.primary.replaceAll("_", " ") },
        { key: "why", title: "Chosen", show: (r) => words[r.why] },
        { key: "id", title: "Identity", show: (r) => code(r.id) },
      ] });
    }
    return [
      crumbs(link("#matrix", "Matrix"), link(`#/square/${encodeURIComponent(place.subject)}/${encodeURIComponent(place.cell.behaviour)}`, bdi(place.subject), ", ", place.cell.behaviour), bdi(place.cell.cell)),
      el("h3", {}, bdi(place.subject), " – ", bdi([place.cell.title, place.cell.stratum].filter(Boolean).join(", "))),
      el("p", {}, spec.title, ". “", spec.outcomes[spec.primary].sentence, "” ", el("strong", {}, `${estimate.hits} ${words.of} ${estimate.scored}`), ` (${percent(estimate.rate)}; ${words.interval} ${range(estimate.low, estimate.high)}), ${counted(estimate.runs, words.one_run, words.many_runs)}. `, weak(estimate)),
      el("p", { class: "legend" }, words.strip, " ", present.map((l) => `${l} – ${words[l]}`).join("; "), "."),
      stripOf(place),
      el("p", {}, `${place.kept.size} ${words.of} ${counted(place.strip.length, words.one_run, words.many_runs)} ${words.kept}. `, place.kept.size < place.strip.length ? words.left : null),
      holder,
    ];
  };

  // A line diff by common prefix and suffix and, between them, the longest common subsequence.
  const plain = (value) => value === null || typeof value !== "object";
  const pretty = (value, indent = "") => {
    if (plain(value)) return JSON.stringify(value);
    const inner = `${indent} `;
    const list = Array.isArray(value);
    if (list && value.every((item) => plain(item) && typeof item !== "string")) return JSON.stringify(value).replaceAll(",", ", ");
    const parts = list ? value.map((item) => pretty(item, inner)) : Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${pretty(v, inner)}`);
    const [open, close] = list ? "[]" : "{}";
    return parts.length ? `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}` : open + close;
  };
  const lines = (value) => (value === null || value === undefined ? [] : (typeof value === "string" ? value : pretty(value)).split("\n"));
  const diffLines = (old, now) => {
    let head = 0, tail = 0;
    while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
    while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
    const [a, b] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
    const out = old.slice(0, head).map((text) => ["same", text]);
    if (a.length * b.length > 250000) out.push(...a.map((t) => ["drop", t]), ...b.map((t) => ["add", t]));
    else {
      const longest = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
      for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1) longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
      let i = 0, j = 0;
      while (i < a.length || j < b.length) {
        if (i < a.length && j < b.length && a[i] === b[j]) { out.push(["same", a[i]]); i += 1; j += 1; }
        else if (i < a.length && (j >= b.length || longest[i + 1][j] >= longest[i][j + 1])) { out.push(["drop", a[i]]); i += 1; }
        else { out.push(["add", b[j]]); j += 1; }
      }
    }
    return [...out, ...old.slice(old.length - tail).map((text) => ["same", text])];
  };
  const changeList = (run) => el("ul", { class: "changes" }, [...run.changes].sort((a, b) => Math.min(...a.calls, 1e9) - Math.min(...b.calls, 1e9)).map((c) => el("li", {}, code(c.path), " ", el("span", { class: "tag" }, c.kind), c.calls.map((n) => [" ", link(`#/run/${run.identity}/${n}`, `${words.by_call} ${n}`)]))));
  const changeView = (change) => {
    const marks = diffLines(lines(change.before), lines(change.after));
    const near = marks.map((_, at) => marks.slice(Math.max(0, at - 3), at + 4).some(([kind]) => kind !== "same"));
    const out = [];
    marks.forEach(([kind, text], at) => {
      if (near[at]) out.push(el("div", { class: kind }, el("span", { class: "hidden" }, kind === "add" ? "added: " : kind === "drop" ? "removed: " : ""), text));
      else if (!at || near[at - 1]) out.push(el("div", { class: "gap" }, "⋯"));
    });
    return el("div", { class: "change" },
      el("p", {}, code(change.path), " ", el("span", { class: "tag" }, change.kind)),
      el("div", { class: "diff", tabindex: "0", role: "group", "aria-label": change.path }, out));
  };
  const callView = (call, run, spec) => {
    const marks = ranked(run, spec).filter(([, o]) => o.call === call.number && o.value).map(([name]) => name);
    const bad = (name) => spec.outcomes[name]?.kind === "violation";
    const violated = marks.some(bad);
    const story = Object.keys(call.arguments || {}).length ? pretty(call.arguments) : "";
    const changed = run.changes.filter((c) => (c.calls || []).includes(call.number));
    return el("div", { class: `call${violated ? " happened" : ""}`, id: `call-${call.number}`, tabindex: "-1" },
      el("p", {}, el("strong", {}, `${words.call} ${call.number} `), code(call.tool), " ", marks.map((m) => [el("span", { class: `tag${bad(m) ? " warn" : ""}` }, m.replaceAll("_", " ")), " "]), call.refusal ? el("span", { class: "tag" }, `${words.refused_call}: ${call.refusal.replaceAll("_", " ")}`) : null),
      story ? el("pre", { tabindex: "0", "aria-label": words.arguments }, story) : null,
      call.reply ? el("details", { open: violated }, el("summary", {}, words.reply), el("pre", { tabindex: "0", "aria-label": words.reply }, call.reply)) : null,
      changed.length ? changed.map(changeView) : null);
  };
  const valueOf = (o) => (o.value === null ? "–" : o.value ? words.found_yes : words.found_no);
  const KINDS = ["violation", "owed", "capability"];
  const ranked = (run, spec) => Object.entries(run.outcomes).sort(([a], [b]) => (b === spec.primary) - (a === spec.primary)
    || KINDS.indexOf(spec.outcomes[a]?.kind) - KINDS.indexOf(spec.outcomes[b]?.kind) || a.localeCompare(b));
  const outcomeTable = (run, spec) => {
    const columns = [
      [words.outcome, ([name]) => bdi(spec.outcomes[name] ? spec.outcomes[name].sentence : name)],
      [words.value, ([, o]) => (o.value ? el("strong", {}, valueOf(o)) : valueOf(o))],
      [words.measure, ([, o]) => o.measure ?? "–"],
      [words.reason, ([, o]) => (o.reason ? bdi(o.reason.replaceAll("_", " ")) : "–")],
      [words.happened, ([name, o]) => (o.call ? link(`#/run/${run.identity}/${o.call}`, `${words.call} ${o.call}`) : o.value && spec.outcomes[name]?.kind === "violation" ? words.omitted : "–")],
    ];
    const rows = ranked(run, spec);
    const kept = columns.filter(([, show]) => rows.some((row) => show(row) !== "–"));
    return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": words.outcome }, el("table", { class: "outcomes" },
      el("thead", {}, el("tr", {}, kept.map(([title]) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, kept.map(([, show], at) => el(at ? "td" : "th", { scope: at ? false : "row" }, show(row))))))));
  };
  const factsOf = (run, place) => el("dl", { class: "facts" }, [
    ["Ending", `${run.ending.replaceAll("_", " ")}${run.detail ? ` (${run.detail})` : ""}`], ["Turns", run.turns], ["Tokens", run.tokens.toLocaleString("en")], ["Started (UTC)", run.started.slice(0, 19).replace("T", " ")],
    ["Answered as", run.model || "–"], ["Route", run.route], ["Version", `${run.package}, ${place.cell.scenario} ${run.version}`], ["Identity", run.identity],
  ].map(([t, d]) => el("div", {}, el("dt", {}, t), el("dd", {}, bdi(d)))));
  const promptsView = (prompts) => el("details", {}, el("summary", {}, words.prompts), prompts
    ? [el("h4", {}, words.system), el("pre", { tabindex: "0" }, prompts.system), el("h4", {}, words.user), el("pre", { tabindex: "0" }, prompts.user)]
    : el("p", { class: "missing" }, words.no_prompts));
  const saysView = (text) => (text ? el("div", { class: "says", role: "group", "aria-label": words.says }, text) : null);
  const thoughtView = (text) => (text ? el("details", { class: "thought" }, el("summary", {}, words.thought), el("div", { class: "says" }, text)) : null);
  // The address at which a viewer started without a port answers; it is opened by a click only.
  const viewer = (run) => `http://127.0.0.1:7575/#/logs/${run.view.split("/").map(encodeURIComponent).join("/")}/samples/sample/${encodeURIComponent(run.sample)}/1`;
  const runView = (place, position, run, prompts) => {
    const spec = primaryOf(place);
    const ids = [...place.kept].map(([p, k]) => [p, k.id]).sort(([a], [b]) => a - b);
    const at = ids.findIndex(([, id]) => id === run.identity);
    const step = (to, text) => (ids[to] ? link(`#/run/${ids[to][1]}`, text) : null);
    return [
      crumbs(link("#matrix", "Matrix"), link(`#/square/${encodeURIComponent(place.subject)}/${encodeURIComponent(place.cell.behaviour)}`, bdi(place.subject), ", ", place.cell.behaviour), link(placeHash(place.subject, place.cell.cell), bdi(place.cell.cell)), `${words.run} ${position + 1}`),
      el("h3", {}, bdi(place.subject), ` – ${words.run} ${position + 1}: `, words[place.strip[position]]),
      el("p", {}, step(at - 1, "← previous run"), at > 0 && ids[at + 1] ? " · " : null, step(at + 1, "next run →")),
      outcomeTable(run, spec),
      el("h3", {}, words.changes),
      el("p", {}, !run.changes.length ? words.unchanged : run.acted ? words.replayed : words.unreplayed),
      run.acted ? changeList(run) : run.changes.map((c) => changeView(c)),
      el("h3", {}, words.turns),
      el("p", {}, `${words.longest} ${words.reasoning}`),
      run.turn_list.map((turn) => el("div", { class: "turn" }, el("h4", {}, `${words.turn} ${turn.turn}`), thoughtView(turn.thought), saysView(turn.said), turn.calls.map((call) => callView(call, run, spec)))),
      el("h3", {}, words.facts),
      promptsView(prompts),
      factsOf(run, place),
      run.log ? el("p", {}, run.view ? el("a", { href: viewer(run), rel: "noreferrer" }, words.view) : words.view_where, words.view_while, " ", code(`${words.view_how} ${data.logs || "logs"}`), ` (${words.sample} `, code(run.sample), ", ", code(run.view || run.log), ")") : null,
    ].flat().filter(Boolean);
  };

  const explorer = byId("explorer");
  let asked = 0;
  const route = async () => {
    const turn = (asked += 1);
    const parts = location.hash.startsWith("#/") ? location.hash.slice(2).split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } }) : null;
    if (!parts) return;
    let view = [el("p", { class: "missing" }, words.unknown)], call = null;
    if (parts[0] === "square") view = squareView(parts[1], parts[2]);
    else if (parts[0] === "place") {
      const place = placeOf(parts[1], parts[2]);
      if (place) view = placeView(place);
    } else if (parts[0] === "run") {
      const place = places().find((p) => [...p.kept.values()].some((k) => k.id === parts[1]));
      if (place && typeof DecompressionStream === "undefined") view = [el("p", { class: "missing" }, words.no_script)];
      else if (place) {
        const block = await unpack(place.at);
        const run = block.runs.find((r) => r.identity === parts[1]);
        const position = [...place.kept].find(([, k]) => k.id === parts[1])[0];
        if (run) view = runView(place, position, run, run.prompts || block.prompts);
        call = parts[2];
      }
    }
    if (turn !== asked) return;
    explorer.replaceChildren(...view);
    const found = call === "happened" ? explorer.querySelector(".call.happened") : call && byId(`call-${call}`);
    (found || byId("evidence")).scrollIntoView();
    (found || explorer).focus({ preventScroll: true });
  };
  const start = () => {
    drawTables();
    const lead = data.lead && placeOf(data.lead[0], data.lead[1]);
    explorer.replaceChildren(el("p", { class: "missing" }, words.choose), ...(lead ? placeView(lead) : []));
    route();
  };
  addEventListener("hashchange", route);
  // Tables come after the first paint.
  requestAnimationFrame(() => setTimeout(start, 0));

  if ("live" in document.body.dataset) {
    const again = el("button", { type: "button", class: "news", hidden: true }, words.news);
    again.addEventListener("click", () => location.reload());
    document.body.append(again);
    let last = null;
    // A reader who is in the evidence is asked first; else the page follows the study.
    const poll = async () => {
      const now = await fetch("state", { cache: "no-store" }).then((answer) => answer.text(), () => null);
      if (now !== null && last !== null && now !== last) {
        if (!location.hash.startsWith("#/")) return location.reload();
        again.hidden = false;
      }
      last = now ?? last;
      return setTimeout(poll, 3000);
    };
    poll();
  }
})();
