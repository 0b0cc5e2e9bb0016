// Play, pause, step; which unit is pinned. Playing needs no server.

// Icons as paths on a 16 × 16 grid: a font may lack the signs for them.
const ICONS = {
  first: "M3 3h2v10H3z M13 3v10L6 8z",
  previous: "M11 3v10L4 8z",
  play: "M4 2.5v11L13.5 8z",
  pause: "M4 3h3v10H4z M9 3h3v10H9z",
  next: "M5 3v10l7-5z",
  last: "M11 3h2v10h-2z M3 3v10l7-5z",
  home: "M8 1.6l1.9 4.1 4.5.5-3.4 3 1 4.4L8 11.4l-4 2.2 1-4.4-3.4-3 4.5-.5z",
};

const SPEEDS = { slow: 1600, "½×": 360, "1×": 180, "2×": 90, "4×": 45 };

function makeTransport(root, reading, modes, { go, play, settings, save }) {
  const bar = element("div", "transport", root);
  const draw = (node, icon) => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    shape.setAttribute("viewBox", "0 0 16 16");
    shape.setAttribute("aria-hidden", "true");
    shape.appendChild(document.createElementNS(shape.namespaceURI, "path")).setAttribute("d", ICONS[icon]);
    node.replaceChildren(shape);
  };
  const button = (label, icon, testid, action) => {
    const node = element("button", icon, bar);
    draw(node, icon);
    node.type = "button";
    node.title = label;
    node.setAttribute("aria-label", label);
    node.dataset.testid = testid;
    node.onclick = action;
    return node;
  };
  button("First step (Home)", "first", "stage-first", () => go({ step: 0 }));
  button("Previous step (←)", "previous", "stage-previous", () => go({ by: -1 }));
  const toggle = button("Play (Space)", "play", "stage-play", () => play());
  button("Next step (→)", "next", "stage-next", () => go({ by: 1 }));
  button("Last step (End)", "last", "stage-last", () => go({ step: reading.steps - 1 }));
  let pinned = reading.place.unit;
  const speed = element("select", "", bar);
  speed.setAttribute("aria-label", "Speed");
  speed.title = "Speed";
  const usual = reading.code ? "slow" : "1×"; // when the cell itself is studied, each wire should be visible
  for (const name of Object.keys(SPEEDS)) element("option", "", speed, name).selected = name === usual;
  const position = element("span", "position", bar);
  position.dataset.testid = "stage-step";
  position.setAttribute("aria-live", "off");
  element("span", "spring", bar);
  const switches = reading.whole
    ? [
        ["unroll", "Unroll", "The same cell at the steps before and after, side by side: one set of weights"],
        ["ask", "Ask first", "Covers what comes next until it is revealed (Space)"],
        ["present", "Present", "The stage alone, large, for a projector (Esc ends it)"],
      ].map(([mode, label, title]) => {
        const node = element("button", "switch", bar, label);
        node.type = "button";
        node.title = title;
        node.dataset.testid = `stage-${mode}`;
        node.onclick = () => settings({ [mode]: !modes[mode] });
        return [mode, node];
      })
    : [];
  if (save) makeSaveMenu(bar, save);
  const label = element("label", "unit", bar, "Pinned unit ");
  const unitBox = element("input", "", label);
  unitBox.type = "number";
  unitBox.min = 0;
  unitBox.max = reading.units - 1;
  unitBox.dataset.testid = "stage-unit";
  unitBox.onchange = () => {
    const wanted = Math.round(Number(unitBox.value));
    const typed = unitBox.value !== "" && Number.isFinite(wanted);
    const unit = typed ? Math.max(0, Math.min(reading.units - 1, wanted)) : pinned; // nothing typed: the pin stays
    unitBox.value = unit;
    go({ unit });
  };
  const home = button(`Back to unit ${reading.show.unit}, the telling one`, "home", "stage-home", () => go({ unit: reading.show.unit }));

  return {
    fit() {
      for (const [mode, node] of switches) node.setAttribute("aria-pressed", String(modes[mode]));
    },
    interval: () => SPEEDS[speed.value],
    // It stopped by itself before the end of the text: the button says that there is more.
    rested(more) {
      toggle.classList.toggle("more", more);
    },
    playing(on) {
      toggle.classList.remove("more");
      draw(toggle, on ? "pause" : "play");
      toggle.title = on ? "Pause (Space)" : "Play (Space)";
      toggle.setAttribute("aria-label", toggle.title);
    },
    move(theme, { step, unit }) {
      pinned = unit;
      const was = originally(reading, step);
      const moved = was === step ? "" : `, step ${was + 1} of the original`;
      position.textContent = `${step + 1} of ${reading.steps}${moved}${reading.warm ? `, ${reading.warm} to warm up` : ""}`;
      if (focused() !== unitBox) unitBox.value = unit; // do not overwrite a number that is being typed
      home.hidden = unit === reading.show.unit;
    },
  };
}

// The menu of files to save.
function makeSaveMenu(bar, save) {
  const menu = element("details", "save", bar);
  const summary = element("summary", "", menu, "Save");
  summary.dataset.testid = "stage-save";
  const list = element("div", "save-list", menu);
  const ways = [
    ["html", "This reading as one file that plays offline (HTML)"],
    ["svg", "This picture (SVG)"],
    ["png", "This picture (PNG)"],
  ];
  for (const [way, label] of ways) {
    const node = element("button", "", list, label);
    node.type = "button";
    node.dataset.testid = `stage-save-${way}`;
    node.onclick = () => {
      menu.open = false;
      save(way);
    };
  }
}
