"use strict";
// Rows: unit, labels, parts (a text, or a text with the kind that marks it), and where it was not kept a reason and a detail.
const PAGE = 50, COLOURS = 6, KEPT = "kept", REJECTED = "rejected";
const at = id => document.getElementById(id), fold = text => text.toLowerCase();
const rows = JSON.parse(at("data").textContent).slice(0, -1);
at("data").remove();
const kinds = [...new Set(rows.flatMap(row => row.parts.map(part => part[1])))].filter(kind => kind).sort();
let found = rows, first = 0;

function make(tag, text, options = {}) {
  const node = Object.assign(document.createElement(tag), options);
  node.textContent = text;
  return node;
}

function counted(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b, undefined, {numeric: true}));
}

function fill(select, all, options) {
  select.append(make("option", all, {value: ""}));
  for (const [value, count] of options) select.append(make("option", `${value} (${count.toLocaleString("en")})`, {value}));
}

const text = row => row.folded ??= fold(row.parts.map(part => part[0]).join(""));
const state = row => row.reason ? (row.kept ? KEPT : REJECTED) : KEPT;

function wanted() {
  const unit = fold(at("unit").value.trim()), words = fold(at("words").value.trim());
  const known = units.has(unit), shown = at("state").value, label = at("label").value;
  return row => (!shown || shown === state(row) || shown === row.reason) && (!label || row.labels.includes(label))
    && (!unit || (known ? fold(row.unit) === unit : fold(row.unit).includes(unit))) && (!words || text(row).includes(words));
}

function item(row) {
  const line = make("li", ""), about = make("div", "", {className: "about"}), shown = make("p", "", {className: "text"});
  const unit = make("button", row.unit, {type: "button", title: "only this unit"});
  unit.addEventListener("click", () => { at("unit").value = row.unit; filter(); });
  about.append(unit);
  if (row.whole) about.append(make("b", row.labels.join(", ")));
  if (row.reason) about.append(make("span", row.reason + (row.detail ? `: ${row.detail}` : ""), {className: "rejected"}));
  for (const [piece, kind] of row.parts) {
    if (!kind) { shown.append(piece); continue; }
    const mark = make("mark", piece, {className: `l${kinds.indexOf(kind) % COLOURS}`, title: kind});
    if (kinds.length > 1 && !piece.includes(kind)) mark.append(make("small", kind));
    shown.append(mark);
  }
  line.append(about, shown);
  return line;
}

function show() {
  const last = Math.min(first + PAGE, found.length), number = value => value.toLocaleString("en");
  at("rows").replaceChildren(...found.slice(first, last).map(item));
  at("rows").start = first + 1;
  at("count").textContent = found.length ? `${number(first + 1)}–${number(last)} of ${number(found.length)}` : "none of the texts";
  at("before").disabled = first === 0;
  at("after").disabled = last === found.length;
}

function filter() { found = rows.filter(wanted()); first = 0; show(); }

function turn(by) {
  if (first + by < 0 || first + by >= found.length) return;
  first += by;
  show();
  scrollTo(0, 0);
}

function shuffle() {
  for (let last = rows.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [rows[last], rows[other]] = [rows[other], rows[last]];
  }
  filter();
}

const units = new Map(counted(rows.map(row => row.unit)).map(([unit, count]) => [fold(unit), [unit, count]]));
for (const [unit, count] of units.values()) at("units").append(make("option", String(count), {value: unit}));
const reasons = counted(rows.map(row => row.reason || KEPT)).filter(([reason]) => reason !== KEPT);
const states = counted(rows.map(state));
fill(at("state"), `everything (${rows.length.toLocaleString("en")})`, [...states, ...reasons]);
fill(at("label"), "any", counted(rows.flatMap(row => row.labels)));
at("label").parentNode.hidden = at("label").length < 3;
if (kinds.length > 1) at("kinds").append(...kinds.flatMap((kind, place) => [make("mark", kind, {className: `l${place % COLOURS}`}), " "]));

const form = document.querySelector("form");
form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("input", filter);
form.addEventListener("change", event => { if (event.target.tagName === "SELECT") filter(); });
form.addEventListener("reset", () => setTimeout(filter));  // once the fields are empty
at("shuffle").addEventListener("click", shuffle);
at("before").addEventListener("click", () => turn(-PAGE));
at("after").addEventListener("click", () => turn(PAGE));
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT/.test(document.activeElement.tagName)) return;
  if (event.key === "/") { event.preventDefault(); at("words").focus(); }
  if (event.key === "ArrowLeft") turn(-PAGE);
  if (event.key === "ArrowRight") turn(PAGE);
});
filter();
