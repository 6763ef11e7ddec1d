"use strict";
// Tables are sorted by a click on a heading; what is no number among numbers stays at the end.
const number = cell => parseFloat((cell.dataset.value ?? cell.textContent).replace(/[,~$]/g, "").replace("−", "-"));

function order(column, down) {
  return (one, other) => {
    const cells = [one, other].map(row => row.cells[column]), [a, b] = cells.map(number);
    if (isNaN(a) && isNaN(b)) {
      const [left, right] = cells.map(cell => cell.textContent);
      return left.localeCompare(right, undefined, {numeric: true}) * (down ? -1 : 1);
    }
    return isNaN(a) - isNaN(b) || (a - b) * (down ? -1 : 1);
  };
}

function sortable(head, column) {
  const button = document.createElement("button"), table = head.closest("table");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const first = head.classList.contains("n") ? "descending" : "ascending";  // the best scores are looked for
    const sorted = head.ariaSort === null ? first : head.ariaSort === "descending" ? "ascending" : "descending";
    for (const other of head.parentNode.cells) other.ariaSort = null;
    head.ariaSort = sorted;
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order(column, sorted === "descending")));
  });
}

for (const table of document.querySelectorAll("table")) {
  if (table.tBodies[0]?.rows.length > 1) [...table.tHead.rows[0].cells].forEach(sortable);
}

// Curves are hidden and shown by their names; a dot tells its score below the figure.
const said = document.querySelector("output");
for (const dot of document.querySelectorAll(".dot")) {
  for (const event of ["pointerenter", "focus"]) dot.addEventListener(event, () => { said.value = dot.getAttribute("aria-label"); });
}
for (const button of document.querySelectorAll("button[data-curve]")) {
  button.addEventListener("click", () => {
    const shown = button.ariaPressed !== "true";
    button.ariaPressed = String(shown);
    for (const curve of document.querySelectorAll("g[data-curve]")) {
      if (curve.dataset.curve === button.dataset.curve) curve.toggleAttribute("hidden", !shown);
    }
  });
}
