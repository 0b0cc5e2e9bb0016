// What comes next: the likeliest tokens, and how surprised the network was by the real one.

function makeNext(root, reading) {
  const panel = element("section", "next", root);
  panel.setAttribute("aria-label", "What comes next");
  element("h2", "", panel, "What comes next?");
  const bars = reading.next.top[0].map(() => {
    const row = element("div", "guess", panel);
    const glyph = element("span", "glyph", row);
    const track = element("div", "track", row);
    return { row, glyph, bar: element("div", "bar", track), share: element("span", "share", row) };
  });
  const verdict = element("p", "verdict", panel);

  return {
    move(theme, { step }) {
      const real = reading.next.real[step];
      reading.next.top[step].forEach(([label, share], k) => {
        const { row, glyph, bar, share: number } = bars[k];
        glyph.textContent = label;
        bar.style.width = `${Math.max(0.5, share * 100)}%`;
        number.textContent = percent(share);
        row.classList.toggle("real", Boolean(real) && real.rank === k + 1);
      });
      verdict.replaceChildren();
      if (!real) {
        verdict.textContent = reading.more
          ? `The reading stops here; the text has ${reading.more} more characters.`
          : "The text ends here; this is how the network would go on.";
        return;
      }
      verdict.append("Really next: ");
      element("span", "glyph", verdict, reading.shown[step + 1]);
      verdict.append(` with ${percent(real.share)}, guess number ${real.rank}; a surprise of ${real.bits.toFixed(1)} bits.`);
    },
  };
}
