// The film: the token strip, the pinned unit's line, the slider, all on one grid of tokens, with one playhead through them.

// A token is wide enough to show its letter, or for touch; words are as wide as the longest one, up to a limit.
const CELL = { least: COARSE ? 18 : 12, most: 40, letter: 8.6, word: window.innerWidth < 640 ? 64 : 96 };

// Minimum and maximum width of a token, and the width `needed` to show all of it. Rows of numbers without words as answers may be
// narrower: their values are drawn as a line.
function cellWidths(reading) {
  const says = reading.answers?.says ?? [];
  const longest = Math.max(...reading.shown.map((token) => [...token].length), ...says.map((word) => 0.85 * word.length));
  const needed = longest <= 1 ? CELL.least : Math.max(CELL.least, Math.min(CELL.word, longest * CELL.letter + 8));
  const narrow = reading.inputs && says.length === 0;
  return { needed, least: narrow ? CELL.least : needed, most: Math.max(CELL.most, needed) };
}
const LINE = { whole: 92, strip: 54, margin: 8 };

function makeFilm(root, reading, go) {
  const frame = element("div", "film-frame", root);
  const scroller = element("div", "film-scroll", frame);
  const film = element("div", "film", scroller);
  const strip = element("div", "strip", film);
  strip.setAttribute("role", "list");
  const cells = reading.shown.map((token, step) => {
    const cell = element("span", "token", strip, token);
    cell.setAttribute("role", "listitem");
    cell.title = `step ${step + 1}: ${reading.names[step]}${step < reading.warm ? ", warm-up" : ""}`;
    cell.classList.toggle("warm", step < reading.warm);
    cell.classList.toggle("unknown", reading.unknown.includes(step));
    cell.classList.toggle("generated", reading.generated !== null && step >= reading.generated);
    return cell;
  });
  markTokens(reading, cells);
  const said = makeRows(film, frame, reading);
  const lines = element("canvas", "lines", film);
  lines.setAttribute("aria-hidden", "true");
  const slider = element("input", "slider", film);
  slider.type = "range";
  slider.min = 1;
  slider.max = reading.steps;
  slider.setAttribute("aria-label", "Step");
  slider.dataset.testid = "stage-slider";
  const playhead = element("div", "playhead", film);
  const bead = element("div", "bead", film);
  const warm = element("div", "warm-up", film, reading.warm ? "warm-up, not your text" : ""); // covers the warm-up tokens
  const cover = element("div", "cover", film);
  cover.hidden = true;
  const axis = element("div", "line-axis", frame, memoryLabel(reading));
  const height = reading.whole && !reading.code ? LINE.whole : LINE.strip;
  const widths = cellWidths(reading);
  let width = widths.least;
  let seen = reading.steps; // what comes after this step is hidden
  let inView = null; // the step that the film last scrolled to; manual scrolling from there is kept

  const stepAt = (event) => {
    const x = event.clientX - film.getBoundingClientRect().left;
    return Math.max(0, Math.min(reading.steps - 1, Math.floor(x / width)));
  };
  for (const surface of [strip, ...said.surfaces, lines]) {
    surface.onpointerdown = (event) => {
      if (event.pointerType === "mouse") {
        surface.setPointerCapture(event.pointerId); // dragging; a finger scrolls the film instead
        surface.onpointermove = (move) => go({ step: stepAt(move) });
      }
      go({ step: stepAt(event) });
    };
    surface.onpointerup = surface.onpointercancel = () => {
      surface.onpointermove = null;
    };
  }
  slider.oninput = () => go({ step: Number(slider.value) - 1 });

  playhead.style.height = `${height + 10 + said.height}px`;
  axis.style.top = `${46 + said.height}px`;
  frame.classList.toggle("answering", said.height > 0);
  const y = (value) => LINE.margin + (1 - value) * (height / 2 - LINE.margin);

  function trail(context, unit) {
    context.beginPath();
    for (let step = 0; step < reading.steps; step++) {
      context.lineTo((step + 0.5) * width, y(Math.max(-1.05, Math.min(1.05, memoryAt(reading, step, unit)))));
    }
    context.stroke();
  }

  // Hides future tokens from search and screen readers, too. Used only while the user guesses.
  function hideAfter(step) {
    if (step === seen) return;
    seen = step;
    cells.forEach((cell, k) => (cell.style.visibility = k > step ? "hidden" : ""));
    said.until(step, width);
  }

  return {
    scroller,
    width: () => width,
    fit(theme, unit) {
      const before = width;
      width = Math.max(widths.least, Math.min(widths.most, scroller.clientWidth / reading.steps));
      if (width !== before) inView = seen = null;
      const mute = width < widths.needed;
      film.classList.toggle("wide", widths.needed > 20);
      const marks = (shown) => shown.match(/^[^•]*(•{1,2})$/)?.[1] ?? ""; // there is no room for more
      cells.forEach((cell, step) => (cell.textContent = mute ? marks(reading.shown[step]) : reading.shown[step]));
      said.fit(theme, width);
      axis.textContent = memoryLabel(reading);
      film.style.width = `${width * reading.steps}px`;
      const short = width * reading.steps + 96 < frame.clientWidth; // then labels are placed at the end of the lines
      for (const name of frame.querySelectorAll(".line-axis, .gutter")) {
        name.style.left = short ? `${width * reading.steps + 8}px` : "";
        name.style.right = short ? "auto" : "";
      }
      film.style.setProperty("--cell", `${width}px`);
      warm.style.width = `${width * reading.warm}px`;
      this.pin(theme, unit);
    },
    pin(theme, unit) {
      const context = sharp(lines, width * reading.steps, height);
      context.strokeStyle = theme.grid;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(0, y(0));
      context.lineTo(width * reading.steps, y(0));
      context.stroke();
      context.strokeStyle = theme.muted;
      context.globalAlpha = Math.min(0.16, 4 / reading.units);
      for (let other = 0; other < reading.units; other++) if (other !== unit) trail(context, other);
      context.globalAlpha = 1;
      context.strokeStyle = theme.roles[reading.byName[reading.memory].role];
      context.lineWidth = 3.5;
      context.lineJoin = "round";
      trail(context, unit);
      cells.forEach((cell, step) => {
        const colour = signedColour(theme, memoryAt(reading, step, unit));
        cell.style.background = colour;
        cell.style.color = readableOn(colour);
        cell.classList.toggle("edited", editsAt(reading, step, unit).length > 0);
      });
      axis.style.color = context.strokeStyle;
    },
    // Hides the next tokens, their answers, and the line that would reveal them, while the user guesses.
    covered(on) {
      cover.hidden = !on;
    },
    move(theme, { step, unit }) {
      film.querySelector(".token.now")?.classList.remove("now");
      cells[step].classList.add("now");
      const x = (step + 0.5) * width;
      playhead.style.transform = `translateX(${x}px)`;
      bead.style.transform = `translate(${x}px, ${lines.offsetTop + y(memoryAt(reading, step, unit))}px)`;
      bead.style.background = theme.roles[reading.byName[reading.memory].role];
      slider.value = step + 1;
      slider.setAttribute("aria-valuetext", `step ${step + 1} of ${reading.steps}, ${reading.names[step]}`);
      cover.style.left = `${(step + 1) * width}px`;
      hideAfter(cover.hidden ? reading.steps : step);
      if (step === inView) return;
      inView = step;
      const view = scroller.clientWidth;
      if (x < scroller.scrollLeft + 2 * width || x > scroller.scrollLeft + view - 2 * width) {
        scroller.scrollLeft = x - view / 2;
      }
    },
  };
}

// Marks tokens that an edit replaced, and gaps where it deleted some.
function markTokens(reading, cells) {
  if (!reading.edits) return;
  for (const [step, was] of Object.entries(reading.edits.replaced)) {
    cells[step].classList.add("replaced");
    cells[step].title += `, edited: it was ${was}`;
  }
  for (const [step, gone] of Object.entries(reading.edits.deleted)) {
    const last = Number(step) === reading.steps;
    const cell = cells[last ? reading.steps - 1 : step];
    cell.classList.add(last ? "gap-after" : "gap-before");
    cell.title += `, edited: ${last ? "after" : "before"} it ${gone.join(", ")} is left out`;
  }
}
