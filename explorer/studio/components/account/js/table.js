// The account as text: a table of the largest contributions, and the tokens in colour.

const ROWS = 20; // maximum number of lines; the rest is summed in one line, so that the table adds up

function signed(value) {
  if (!Number.isFinite(value)) return "NaN or infinite";
  return `${value < 0 ? "−" : value > 0 ? "+" : ""}${exact(Math.abs(value)).replace("e-", "e−")}`;
}

function shareOf(value) {
  if (!Number.isFinite(value)) return "";
  return value < 0 ? `−${percent(-value)}` : percent(value);
}

// `heads` are the column titles. A line is a list of texts, the first of which names the token; `caption` names the units.
function makeTable(parent, heads) {
  const frame = element("div", "frame", parent);
  frame.tabIndex = 0; // so that a keyboard can scroll it
  frame.setAttribute("role", "region");
  const table = element("table", "", frame);
  const title = element("caption", "", table);
  const head = element("tr", "", element("thead", "", table));
  for (const name of heads) element("th", "", head, name).scope = "col";
  const body = element("tbody", "", table);
  table.dataset.testid = "account-table";
  return {
    show(lines, caption) {
      title.textContent = caption;
      frame.setAttribute("aria-label", caption);
      while (body.rows.length > lines.length) body.lastChild.remove();
      lines.forEach((line, k) => {
        const row = body.rows[k] ?? lineOf(body, heads.length);
        line.forEach((text, column) => {
          if (row.cells[column].textContent !== text) row.cells[column].textContent = text;
        });
      });
    },
  };
}

function lineOf(body, columns) {
  const row = element("tr", "", body);
  for (let k = 0; k < columns; k++) element(k ? "td" : "th", "", row);
  row.cells[0].scope = "row";
  return row;
}

// Sorts rows by size, the largest first; NaN and infinite values come before all others.
function bySize(values) {
  const size = (value) => (Number.isFinite(value) ? Math.abs(value) : Infinity);
  return [...values.keys()].sort((a, b) => size(values[b]) - size(values[a]) || a - b);
}

// The text with each token in the colour of its contribution. It wraps, so it is readable where the axis has no room for letters.
function makeText(parent, { shown, says, warm }) {
  const text = element("p", "text", parent);
  text.setAttribute("role", "img");
  text.setAttribute("aria-label", says);
  text.dataset.testid = "account-text";
  const words = shown.some((token) => [...token].length > 1);
  const nodes = shown.map((token, step) => {
    const node = element("span", step < warm ? "warm" : "", text, token);
    text.append(words ? " " : "\u200b"); // a place to break the line
    return node;
  });
  const looks = [];
  return {
    paint(groundOf, isRead) {
      nodes.forEach((node, step) => {
        const ground = groundOf(step);
        const look = `background: ${ground}; color: ${isRead(step) ? readableOn(ground) : "var(--muted)"}`;
        if (looks[step] !== look) node.style.cssText = looks[step] = look;
      });
    },
  };
}
