// The source of the step (on the Cells page): the lines being computed light up as the values flow.

function makeCode(root, reading) {
  const { where, pieces, computes } = reading.code;
  const panel = element("section", "code", root);
  panel.setAttribute("aria-label", "One step, as code");
  const head = element("p", "code-title", panel);
  element("b", "", head, "One step, as code");
  element("span", "", head, ` ${where}; tap(name, value) records a value by its name`);
  const text = element("pre", "", panel);
  text.tabIndex = 0; // so that a keyboard can scroll it
  text.setAttribute("aria-label", where);
  const lines = pieces.map((piece) => {
    const node = element("code", "", text, piece.text);
    node.dataset.computes = piece.computes.join(" ");
    return node;
  });
  return {
    // Indices of the wires that are filling now, in the order of computation; empty at rest.
    run(wires) {
      const now = new Set(wires.flatMap((k) => computes[k]));
      lines.forEach((node, k) => node.classList.toggle("on", pieces[k].computes.some((name) => now.has(name))));
    },
  };
}
