// Updates lists while users read them.

/**
 * Make `list` have exactly these rows in this order, without moving rows that are in place. The row that the user reads
 * stays where it is on the screen. (Browsers anchor scrolling too, but not to that row; `console.css` turns that off.)
 * @param {Element} list
 * @param {Element[]} wanted
 */
export function setRows(list, wanted) {
  const keep = new Set(wanted);
  const rows = [...list.children];
  const view = scrolled(list);
  const read = anchor(
    list,
    rows.filter((row) => keep.has(row)),
    view,
  );
  const before = read?.getBoundingClientRect().top ?? 0;
  for (const row of rows) if (!keep.has(row)) row.remove();
  let at = list.firstElementChild;
  for (const row of wanted) {
    if (row === at) at = at.nextElementSibling;
    else list.insertBefore(row, at);
  }
  if (!read) return list.classList.remove("padded");
  const moved = () => read.getBoundingClientRect().top - before;
  view.scrollTop += moved();
  if (moved() < 1) return;
  list.classList.add("padded"); // below the row, there is too little to scroll
  view.scrollTop += moved();
}

/**
 * The row that the user reads: a visible row that is open or has the focus, or else the first visible row of a list that
 * is scrolled.
 * @param {Element} list
 * @param {Element[]} rows
 * @param {Element} view
 */
function anchor(list, rows, view) {
  const top = view === document.scrollingElement ? 0 : view.getBoundingClientRect().top;
  const isSeen = (/** @type {Element} */ row) => {
    const place = row.getBoundingClientRect();
    return place.bottom > top && place.top < innerHeight;
  };
  const isUsed = (/** @type {Element} */ row) =>
    row.contains(document.activeElement) || row.querySelector(":scope > details[open]");
  const used = rows.find((row) => isUsed(row) && isSeen(row));
  return used ?? (list.getBoundingClientRect().top < top ? rows.find(isSeen) : undefined);
}

/** The element that scrolls the list. @param {Element} list */
function scrolled(list) {
  for (let part = list.parentElement; part; part = part.parentElement) {
    if (part.scrollHeight > part.clientHeight && getComputedStyle(part).overflowY === "auto") return part;
  }
  return /** @type {Element} */ (document.scrollingElement);
}
