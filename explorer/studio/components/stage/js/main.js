// One instance for each mounted stage. It owns step and unit: it moves on its own, and tells URL and server when it has settled.

const SETTLE = 180; // ms of rest before URL and server hear of a move

function currentTheme(root, reading) {
  const probe = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  const dark = /^#[0-9a-f]{6}/i.test(probe) && rgb(probe).reduce((a, b) => a + b) < 384;
  return reading.themes[dark ? "dark" : "light"];
}

// What has the focus, inside of shadow roots too.
function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

// Who has a use of its own for all keys, and for Space.
const HAS_KEYS = "input, textarea, select, [contenteditable]";
const HAS_SPACE = "button, summary";

function keepLink(reading, place) {
  const url = new URL(window.location.href);
  const set = (name, value) => (value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value));
  for (const [name, value] of Object.entries(reading.link)) set(name, value);
  set("step", place.step + 1);
  set("unit", place.unit);
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url);
}

// Where the reader went without the server knowing yet, as while playing: kept beyond a change of page or network.
let unsettled = null;

function makeStage(parent, tell) {
  const root = parent.querySelector(".stage");
  let reading, theme, place, parts, timer, settling, player;

  function draw(smooth) {
    for (const part of parts) part.move?.(theme, place, smooth);
    root.querySelector(".sr").textContent = player
      ? ""
      : `step ${place.step + 1} of ${reading.steps}, ${reading.names[place.step]}, unit ${place.unit}: ` +
        reading.signals.map((s) => `${s.says} ${brief(valueAt(reading, s.name, place.step, place.unit))}`).join(", ");
  }

  function settle() {
    clearTimeout(settling);
    settling = setTimeout(() => {
      unsettled = null;
      keepLink(reading, place);
      tell({ step: place.step, unit: place.unit });
    }, SETTLE);
  }

  function go({ step, by, unit }) {
    stop();
    move({ step: step ?? place.step + (by ?? 0), unit: unit ?? place.unit });
    settle();
  }

  function move(next) {
    const repinned = next.unit !== place.unit;
    place = { step: Math.max(0, Math.min(reading.steps - 1, next.step)), unit: next.unit };
    unsettled = { text: reading.text, model: reading.link.model, ...place };
    if (repinned) for (const part of parts) part.pin?.(theme, place.unit);
    if (repinned) caption();
    draw(false);
  }

  function stop() {
    if (!player) return;
    cancelAnimationFrame(player);
    player = null;
    for (const part of parts) part.playing?.(false);
  }

  // Plays to the end, or to `until`; a second call pauses.
  function play(until) {
    if (player) {
      stop();
      draw(false);
      settle();
      return;
    }
    if (place.step >= reading.steps - 1) move({ step: 0, unit: place.unit });
    const last = until ?? reading.steps - 1;
    let due = performance.now() + parts.transport.interval();
    const frame = (now) => {
      if (now >= due) {
        due = now + parts.transport.interval();
        move({ step: place.step + 1, unit: place.unit });
        if (place.step >= last) {
          stop();
          draw(false);
          settle();
          return;
        }
      }
      player = requestAnimationFrame(frame);
    };
    for (const part of parts) part.playing?.(true);
    player = requestAnimationFrame(frame);
  }

  function caption() {
    const { claims, other } = reading.show;
    root.querySelector(".pinned").textContent = claims[place.unit] ?? other.replace("{unit}", place.unit);
  }

  function build(next) {
    stop();
    reading = next;
    place = { ...reading.place };
    const carried = unsettled?.text === reading.text;
    if (carried) place.step = unsettled.step;
    if (carried && unsettled.model === reading.link.model) place.unit = unsettled.unit;
    root.replaceChildren();
    root.classList.toggle("slim", !reading.whole);
    element("p", "pinned", root);
    element("p", "sr", root).setAttribute("aria-live", "polite");
    parts = [];
    const film = makeFilm(root, reading, go);
    parts.transport = makeTransport(root, reading, go, () => play());
    parts.push(film, parts.transport);
    if (reading.whole) {
      const centre = element("div", "centre", root);
      const left = element("div", "left", centre);
      const now = makeNow(left, reading, go);
      const few = reading.signals.length < 3; // then there is room for the arithmetic beside the guesses
      parts.push(now, makeNext(centre, reading), makeWhy(few ? left : root, reading));
    }
    fit();
    caption();
    draw(false);
    keepLink(reading, place);
    if (carried) settle();
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (reading.play && !still) {
      const [from, until] = reading.play;
      move({ step: from, unit: place.unit });
      play(until);
    }
  }

  function fit() {
    theme = currentTheme(root, reading);
    root.style.setProperty("--accent", theme.accent);
    root.style.setProperty("--grid", theme.grid);
    root.style.setProperty("--muted", theme.muted);
    root.style.setProperty("--panel", theme.panel);
    root.style.setProperty("--text", theme.text);
    root.style.setProperty("--background", theme.background);
    for (const part of parts) part.fit?.(theme, place.unit);
  }

  function keys(event) {
    if (focused()?.matches(HAS_KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: { by: -1 }, ArrowRight: { by: 1 }, Home: { step: 0 }, End: { step: reading.steps - 1 } };
    if (event.key in moves) go(moves[event.key]);
    else if (event.key === " " && !focused()?.matches(HAS_SPACE)) play();
    else return;
    event.preventDefault();
  }

  const resized = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!reading) return;
      fit();
      draw(false);
    }, 60);
  });
  resized.observe(root);
  document.addEventListener("keydown", keys);

  return {
    // The same reading again brings the arithmetic of another unit, or another theme; a new one starts afresh.
    show(next) {
      if (!reading || next.id !== reading.id || next.whole !== reading.whole) {
        build(next);
        return;
      }
      for (const part of parts) part.explain?.(next.why);
      fit();
      draw(false);
    },
    leave() {
      stop();
      clearTimeout(timer);
      clearTimeout(settling);
      resized.disconnect();
      document.removeEventListener("keydown", keys);
    },
  };
}

export default function ({ data, parentElement, setStateValue }) {
  const stage = (parentElement.carouselStage ??= makeStage(parentElement, (place) => setStateValue("place", place)));
  stage.show(unpack(data));
  return () => {
    stage.leave();
    delete parentElement.carouselStage;
  };
}
