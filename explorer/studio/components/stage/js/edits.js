// Edits of a reading (see edited.py): the edited numbers, the values shown beside them, and their text and marks.

// A pen, on the grid of 16 × 16 that all icons have.
const PEN = "M11.2 1.5l3.3 3.3-8.4 8.4-4.4 1.1 1.1-4.4z M10 4.4l1.6 1.6-5.7 5.7-2.1.5.5-2.1z";

function unpackEdits(reading, values) {
  if (!reading.edits) return;
  const size = reading.steps * reading.units;
  reading.edits.byName = {};
  reading.edits.numbers.forEach(({ name, bits }, k) => {
    const marks = Uint8Array.from(atob(bits), (sign) => sign.charCodeAt(0));
    const set = (step, unit) => {
      const at = step * reading.units + unit;
      return Boolean(marks[at >> 3] & (128 >> (at & 7)));
    };
    const units = Array.from({ length: reading.units }, (_, unit) => unit);
    const any = Array.from({ length: reading.steps }, (_, step) => units.some((unit) => set(step, unit)));
    reading.edits.byName[name] = { set, any, beside: values.subarray((reading.signals.length + k) * size, (reading.signals.length + k + 1) * size) };
  });
}

// 2 if a quantity is edited at a step for this unit, 1 if only for others, 0 if for none.
function edited(reading, name, step, unit) {
  const edit = reading.edits?.byName[name];
  if (!edit || !edit.any[step]) return 0;
  return edit.set(step, unit) ? 2 : 1;
}

// The value beside an edited quantity: the result of a signal's equation, or the edited value of a pre-activation or entering state.
function besideOf(reading, name, step, unit) {
  return reading.edits.byName[name].beside[step * reading.units + unit];
}

// Whether a signal or its pre-activation is edited, as in `edited`.
function editedSignal(reading, name, step, unit) {
  return Math.max(edited(reading, name, step, unit), edited(reading, `${name}_pre`, step, unit));
}

// "set to 0.000 by an edit (the equation gives 0.8300)", for the quantity of that name.
function saysEdit(reading, name, step, unit) {
  const beside = exact(besideOf(reading, name, step, unit));
  if (name.endsWith("_prev")) {
    const left = exact(valueAt(reading, name.slice(0, -5), before(reading, step), unit));
    return `as it enters the step, set to ${beside} by an edit (it left the step before as ${left})`;
  }
  if (name.endsWith("_pre")) return `before the squashing set to ${beside} by an edit`;
  return `set to ${exact(valueAt(reading, name, step, unit))} by an edit (the equation gives ${beside})`;
}

// The same as one line of plain text; a shorter note if only other units are edited; empty without edits.
function editedInWords(reading, names, step, unit) {
  return names
    .map((name) => {
      const how = edited(reading, name, step, unit);
      if (!how) return "";
      const letter = (reading.byName[name.replace(/_(pre|prev)$/, "")] ?? {}).letter ?? name;
      return how === 2 ? `Edited: ${letter} ${saysEdit(reading, name, step, unit)}. ` : `Edited here in other units: ${letter}. `;
    })
    .join("");
}

// All names that are edited for a unit at a step.
function editsAt(reading, step, unit) {
  return Object.keys(reading.edits?.byName ?? {}).filter((name) => edited(reading, name, step, unit) === 2);
}

function pen(parent) {
  const icon = shape("svg", parent, { viewBox: "0 0 16 16", class: "pen", "aria-hidden": "true" });
  shape("path", icon, { d: PEN, "fill-rule": "evenodd" });
  return icon;
}

// The link and all other pictures use the steps of the original text, which differ from this reading's if tokens are deleted.
function originally(reading, step) {
  return reading.edits?.origin?.[step] ?? step;
}

function stepHere(reading, step) {
  const { origin } = reading.edits ?? {};
  if (!origin) return Math.min(step, reading.steps - 1);
  const own = origin.findIndex((was) => was >= step);
  return own < 0 ? reading.steps - 1 : own;
}

// The note that names the run and explains its marks.
function makeEditsNote(root, reading) {
  if (!reading.edits) return;
  const note = element("p", "edits-note", root);
  note.dataset.testid = "stage-edits";
  pen(note);
  element("b", "", note, "The edited run. ");
  element("span", "", note, `${reading.edits.told.join("; ")}. `);
  const { numbers, replaced, deleted } = reading.edits;
  const keys = [
    numbers.length && "A pen and double dashes: set by an edit for the pinned unit; dots: for other units alone.",
    Object.keys(replaced).length && "A token in dashes stands in another's place.",
    Object.keys(deleted).length && "At a double bar between tokens something is left out.",
  ];
  element("span", "key", note, keys.filter(Boolean).join(" "));
}
