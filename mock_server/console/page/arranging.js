// Changes lists under the eyes of a reader.

/**
 * Make `list` have exactly these rows in this order, and move none that is in its place already. What somebody reads stays
 * where it is on the screen. (Browsers anchor scrolling too, but not to what is read, and not where rows are removed.)
 * @param {Element} list
 * @param {Element[]} wanted
 */
export function arrange(list, wanted) {
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
  if (read) view.scrollTop += read.getBoundingClientRect().top - before;
}

/**
 * The row that is read: one on the screen that is open or has the focus, else the first on the screen where the list has
 * been scrolled.
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

/** What scrolls when one scrolls the list. @param {Element} list */
function scrolled(list) {
  for (let part = list.parentElement; part; part = part.parentElement) {
    if (part.scrollHeight > part.clientHeight && getComputedStyle(part).overflowY === "auto") return part;
  }
  return /** @type {Element} */ (document.scrollingElement);
}
