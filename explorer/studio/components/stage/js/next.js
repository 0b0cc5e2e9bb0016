// The network's answer at this step (guesses of the next token, labels, or a number) beside the right answer.

const NONE = "none"; // shown for a probability that is NaN or infinite

function makeNext(root, reading, { reveal }) {
  const panel = element("section", "next", root);
  panel.setAttribute("aria-label", reading.next.title);
  panel.dataset.testid = "stage-next-panel";
  element("h2", "", panel, reading.next.title);
  const answer = element("div", "answer-box", panel);
  const veil = element("div", "veil", panel);
  const question = element("label", "", veil, "Your guess? ");
  const guess = reading.next.kind === "guesses" ? element("input", "guessed", question) : null;
  if (guess) {
    guess.dataset.testid = "stage-guess";
    guess.onkeydown = (event) => event.key === "Enter" && reveal();
  }
  const button = element("button", "reveal", veil, COARSE ? "Reveal" : "Reveal (Space)");
  button.type = "button";
  button.dataset.testid = "stage-reveal";
  button.onclick = reveal;
  const part = { guesses: makeGuesses, labels: makeLabels, number: makeNumber }[reading.next.kind](answer, reading);
  let hidden = false;

  // The network's rank of the user's guess; only its likeliest tokens are known here.
  function judged(said, step) {
    const top = reading.next.top[step];
    const place = top.findIndex(([label]) => label === said || (said === " " && label === "·"));
    const rank = place < 0 ? `not among its ${top.length} likeliest` : `${percent(top[place][1])}, its guess number ${place + 1}`;
    return `You said “${said}”: ${rank}. `;
  }

  return {
    covered(on) {
      hidden = on;
      veil.hidden = !on;
      panel.classList.toggle("covered", on);
      answer.setAttribute("aria-hidden", String(on));
    },
    move(theme, place) {
      part.move(theme, place);
      if (guess && !hidden && guess.value) answer.querySelector(".verdict").prepend(judged(guess.value, place.step));
      if (guess && !hidden) guess.value = "";
      if (hidden) for (const node of answer.querySelectorAll("span, b, p.verdict")) node.textContent = " "; // removed from the page, not only covered
    },
  };
}

// A row of name, bar and share for each of `count`; fill(k, name, share, marked) says what is in row k.
function makeBars(panel, count) {
  const bars = Array.from({ length: count }, () => {
    const row = element("div", "guess", panel);
    const glyph = element("span", "glyph", row);
    const track = element("div", "track", row);
    return { row, glyph, bar: element("div", "bar", track), share: element("span", "share", row) };
  });
  return (k, name, share, marked) => {
    const { row, glyph, bar, share: number } = bars[k];
    glyph.textContent = name;
    bar.style.width = `${Math.max(0.5, share * 100)}%`;
    number.textContent = share === null ? NONE : percent(share);
    row.classList.toggle("real", marked);
  };
}

// Probability, rank and surprise of the real next token. A probability of 0 has infinite surprise.
function fared({ share, rank, bits }) {
  if (share === null) return "; the network's answer here is NaN or infinite.";
  const place = rank === null ? "" : `, guess number ${rank}`;
  return ` with ${percent(share)}${place}; a surprise of ${bits === null ? "more than can be counted" : `${bits.toFixed(1)} bits`}.`;
}

function makeGuesses(panel, reading) {
  const words = reading.next.top.flat().some(([label]) => [...label].length > 2);
  panel.classList.toggle("worded", words);
  const fill = makeBars(panel, reading.next.top[0].length);
  const verdict = element("p", "verdict", panel);
  return {
    move(theme, { step }) {
      const real = reading.next.real[step];
      reading.next.top[step].forEach(([label, share], k) => fill(k, label, share, Boolean(real) && real.rank === k + 1));
      verdict.replaceChildren();
      if (!real) {
        verdict.textContent = reading.more
          ? `The reading stops here; the text has ${reading.more} more tokens.`
          : "The text ends here; this is how the network would go on.";
        return;
      }
      verdict.append("Really next: ");
      element("span", "glyph", verdict, reading.shown[step + 1]);
      if (reading.unknown.includes(step + 1)) verdict.append(`, which it does not know, and reads as ${reading.read_as},`);
      verdict.append(fared(real));
    },
  };
}

function makeLabels(panel, reading) {
  const { labels, shares, real } = reading.next;
  panel.classList.add("worded");
  const fill = makeBars(panel, labels.length);
  const verdict = element("p", "verdict", panel);
  return {
    move(theme, { step }) {
      labels.forEach((label, k) => fill(k, label, shares[step][k], real[step] === k));
      const best = shares[step].indexOf(Math.max(...shares[step]));
      if (real[step] === null) {
        verdict.textContent = real.every((one) => one === null) ? "" : "No question at this step.";
        return;
      }
      verdict.replaceChildren("The right answer: ");
      element("span", "glyph", verdict, labels[real[step]]);
      if (shares[step].includes(null)) verdict.append("; the network's answer here is NaN or infinite.");
      else verdict.append(best === real[step] ? ", and that is what it says." : `; it says ${labels[best]}.`);
    },
  };
}

function makeNumber(panel, reading) {
  const { name, values, real } = reading.next;
  const number = element("p", "answer-number", panel);
  const verdict = element("p", "verdict", panel);
  return {
    move(theme, { step }) {
      number.replaceChildren(`${name}: `);
      element("b", "", number, exact(values[step] ?? NaN));
      const right = real[step];
      verdict.textContent =
        right === null || right === undefined
          ? ""
          : `The right number: ${exact(right)}; it is off by ${exact(Math.abs((values[step] ?? NaN) - right))}.`;
    },
  };
}
