// One instance for each mounted stage. It owns step and unit: it moves on its own, and tells URL and server when it has settled.

const PATIENCE = 4000; // ms until what may have been lost on its way, or is to wait for the server, is tried again
const WORKING = ["running", "rerunRequested", "stopRequested"]; // what Streamlit says of its script then
const SETTLE = 180; // ms of rest before URL and server hear of a move

// What has the focus, inside of shadow roots too.
function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

// With these a press is over, wherever the pointer is by then.
const ENDS = ["pointerup", "pointercancel", "dragend"];

// Who has a use of its own for all keys, and for Space.
const HAS_KEYS = "input, textarea, select, [contenteditable]";
const HAS_SPACE = "button, summary, [role=button]";

// How the stage is looked at: kept beyond a change of page or network, and in the link.
const MODES = { unroll: "1", ask: "1", present: "1", roll: "telling" }; // switches, and what the link says where they are on
const given = new URLSearchParams(window.location.search);
const modes = Object.fromEntries(Object.entries(MODES).map(([name, on]) => [name, given.get(name) === on]));

function keepLink(reading, place) {
  const url = new URL(window.location.href);
  const set = (name, value) => (value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value));
  for (const [name, value] of Object.entries(reading.link)) set(name, value);
  for (const [name, on] of Object.entries(MODES)) set(name, modes[name] ? on : null);
  set("step", originally(reading, place.step) + 1);
  set("unit", place.unit);
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url);
}

// Where the reader was last: known here before the server knows, and kept beyond a change of page or network.
let latest = null;

// `host` is who shows the stage: it may `tell` a server where the reader is, keep a `link`, and `ask` for the arithmetic of a unit
// (or of all), and say whether it is `busy`. A saved page has none of the four.
function makeStage(parent, host) {
  const root = parent.querySelector(".stage");
  let reading, theme, place, parts, timer, settling, player, waiting, patience, revealed, pressed, owing;

  function draw(options) {
    for (const part of parts) part.move?.(theme, place, options);
    host.at?.({ id: reading.id, step: originally(reading, place.step), unit: place.unit });
    root.querySelector(".sr").textContent = player
      ? ""
      : `step ${place.step + 1} of ${reading.steps}, ${reading.names[place.step]}, unit ${place.unit}: ` +
        reading.signals.map((s) => `${s.says} ${exact(valueAt(reading, s.name, place.step, place.unit))}`).join(", ") +
        editsAt(reading, place.step, place.unit).map((name) => `; edited: ${name} ${saysEdit(reading, name, place.step, place.unit)}`).join("");
  }

  function settle() {
    clearTimeout(settling);
    settling = setTimeout(() => {
      host.link?.(reading, place);
      tell();
    }, SETTLE);
  }

  // Not on the way to another page: what the server hears of this one would call that off. The stage there knows the place.
  function tell() {
    settling = null;
    if (host.busy?.()) settling = setTimeout(tell, SETTLE);
    else host.tell?.({ step: originally(reading, place.step), unit: place.unit });
  }

  function follow(event) {
    if (event.composedPath().some((node) => node.matches?.("a[href]"))) leavePage();
  }

  // By a link, or by Back and Forward of the browser.
  function leavePage() {
    if (!settling) return;
    clearTimeout(settling);
    settling = setTimeout(tell, PATIENCE); // unless the stage is gone by then
  }

  function go({ step, by, unit }) {
    stop();
    move({ step: step ?? place.step + (by ?? 0), unit: unit ?? place.unit }, STEP_FLOW);
    settle();
  }

  // To another step or unit. A step onwards flows through the cell for as long as `lasts`; any other is there at once.
  function move(next, lasts) {
    const from = place;
    place = { step: Math.max(0, Math.min(reading.steps - 1, next.step)), unit: next.unit };
    latest = { text: reading.text, model: reading.link.model, ...place, step: originally(reading, place.step) };
    if (place.unit !== from.unit) {
      for (const part of parts) part.pin?.(theme, place.unit);
      caption();
    }
    if (place.step !== from.step) cover(modes.ask);
    const onwards = before(reading, place.step) === from.step && place.unit === from.unit && !still();
    draw({ lasts: onwards ? lasts : 0 });
  }

  function still() {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  function cover(on) {
    revealed = !on;
    for (const part of parts) part.covered?.(on);
  }

  function reveal() {
    cover(false);
    draw();
  }

  function stop() {
    if (!player) return;
    cancelAnimationFrame(player);
    player = null;
    for (const part of parts) part.playing?.(false);
  }

  // Plays to the end, or to `until`; a second call pauses. Where a class is to guess, each step waits for its answer.
  function play(until) {
    if (modes.ask && !player) {
      if (revealed) go({ by: 1 });
      else reveal();
      return;
    }
    if (player) {
      stop();
      draw();
      settle();
      return;
    }
    if (place.step >= reading.steps - 1) move({ step: 0, unit: place.unit });
    const last = until ?? reading.steps - 1;
    let due = performance.now() + parts.transport.interval();
    const frame = (now) => {
      if (now >= due) {
        due = now + parts.transport.interval();
        const arrives = place.step + 1 >= last;
        if (arrives) stop();
        move({ step: place.step + 1, unit: place.unit }, arrives ? STEP_FLOW : parts.transport.interval());
        if (arrives) {
          parts.transport.rested?.(place.step < reading.steps - 1);
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
    const [says, sure = ""] = (claims[place.unit] ?? other.replace("{unit}", place.unit)).split("\n");
    const pinned = root.querySelector(".pinned");
    pinned.replaceChildren();
    element("b", "", pinned, `${says} `);
    element("span", "", pinned, sure);
  }

  // Another way to look at the same step.
  function settings(changes) {
    Object.assign(modes, changes);
    if (changes.ask) stop(); // what plays on would ask no question
    if ("ask" in changes) cover(modes.ask);
    if ("present" in changes) present();
    fit();
    draw();
    host.link?.(reading, place);
  }

  // The top layer lies above everything, whatever the stage is inside of; full screen where the browser allows it.
  function present() {
    const shown = root.matches(":popover-open");
    if (modes.present && !shown) {
      root.popover = "manual";
      root.showPopover();
      document.documentElement.requestFullscreen?.().catch(() => {}); // asks for a click; the stage is large without it, too
    } else if (!modes.present && shown) {
      root.hidePopover();
      root.popover = null;
      if (document.fullscreenElement) document.exitFullscreen();
    }
    root.classList.toggle("present", modes.present);
  }

  function leftFullScreen() {
    if (!document.fullscreenElement && modes.present) settings({ present: false });
  }

  // For the arithmetic of a unit, or of all: once, until it is there.
  function ask(what) {
    const wanted = what.unit ?? null;
    if (waiting === wanted && wanted !== null) return;
    waiting = wanted;
    host.ask({ id: reading.id, unit: wanted });
    clearTimeout(patience);
    patience = setTimeout(function again() {
      if (waiting === undefined) return;
      if (host.busy?.()) {
        patience = setTimeout(again, PATIENCE);
        return;
      }
      waiting = undefined; // a question can be lost on its way, as where the server was just at work on another one
      if (toSave) ask({ unit: null });
      else for (const part of parts) part.explain?.();
    }, PATIENCE);
  }

  let toSave = null;
  function save(way) {
    if (way === "html" && host.ask && !reading.arithmetic?.whole) {
      toSave = way;
      root.classList.add("saving");
      ask({ unit: null });
      return;
    }
    saveAs(way, { reading, place, theme, parts, host });
  }

  function received({ detail }) {
    const arithmetic = unpackArithmetic(detail);
    if (arithmetic.id !== reading?.id) return;
    const whole = arithmetic.units.length > 1 || reading.units === 1;
    if (waiting === null ? whole : arithmetic.units.includes(waiting)) {
      waiting = undefined;
      clearTimeout(patience);
    }
    if (whole || !reading.arithmetic?.whole) reading.arithmetic = { ...arithmetic, whole };
    for (const part of parts) part.explain?.();
    if (!toSave || !whole) return;
    root.classList.remove("saving");
    saveAs(toSave, { reading, place, theme, parts, host });
    toSave = null;
  }

  function build(next) {
    stop();
    for (const part of parts ?? []) part.leave?.();
    reading = next;
    place = { ...reading.place };
    waiting = undefined;
    const carried = latest?.text === reading.text;
    if (carried) place.step = stepHere(reading, latest.step);
    if (carried && latest.model === reading.link.model) place.unit = latest.unit;
    root.replaceChildren();
    root.classList.toggle("slim", !reading.whole);
    root.classList.toggle("study", Boolean(reading.code));
    element("p", "pinned", root);
    element("p", "sr", root).setAttribute("aria-live", "polite");
    makeEditsNote(root, reading);
    parts = [];
    const film = makeFilm(root, reading, go);
    parts.film = film;
    parts.transport = makeTransport(root, reading, modes, { go, play: () => play(), settings, save: reading.whole ? save : null });
    parts.push(film, parts.transport);
    if (reading.whole) {
      const centre = element("div", "centre", root);
      parts.cell = makeCell(centre, reading, modes, { go, ask: host.ask ? ask : null, runs: (wires) => parts.code?.run(wires) });
      parts.push(parts.cell);
      if (reading.code) study();
      else watch(centre, film);
      if (modes.present) present();
    }
    fit();
    cover(reading.whole && modes.ask);
    caption();
    draw();
    host.link?.(reading, place);
    const plays = reading.play && !still() && !modes.ask; // where a class is to guess nothing is given away by playing
    if (carried && !plays) settle(); // what is played ends where the reader is
    if (plays) {
      const [from, until] = reading.play;
      move({ step: from, unit: place.unit });
      play(until);
    }
  }

  // What stands around the cell: what it answers, why, and all units; or, where the cell itself is looked at, its code.
  function watch(centre, film) {
    parts.push(makeNext(centre, reading, { reveal }), makeWhy(root, reading));
    parts.roll = makeRoll(root, reading, modes, { go, settings });
    parts.push(parts.roll);
    together(film.scroller, parts.roll.scroller);
  }

  function study() {
    parts.code = makeCode(root, reading);
    parts.push(parts.code, makeWhy(root, reading), makeNext(root, reading, { reveal }));
  }

  function fit() {
    theme = reading.themes[isDark(root) ? "dark" : "light"];
    for (const name of ["accent", "grid", "muted", "panel", "text", "background"]) root.style.setProperty(`--${name}`, theme[name]);
    root.classList.toggle("unrolled", modes.unroll);
    for (const part of parts) part.fit?.(theme, place.unit, parts.film.width());
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && escape()) event.preventDefault();
    if (focused()?.matches(HAS_KEYS)) return;
    const moves = { ArrowLeft: { by: -1 }, ArrowRight: { by: 1 }, Home: { step: 0 }, End: { step: reading.steps - 1 } };
    if (event.key in moves) go(moves[event.key]);
    else if (event.key === " " && !focused()?.matches(HAS_SPACE)) play();
    else return;
    event.preventDefault();
  }

  // Folds what is unfolded, else leaves the projector; whether there was something to end.
  function escape() {
    if (parts.cell?.fold()) return true;
    if (!modes.present) return false;
    settings({ present: false });
    return true;
  }

  // Not between press and release: what is clicked would be another node by then, and the click be lost.
  function refit() {
    owing = Boolean(pressed);
    if (owing || !reading) return;
    fit();
    draw();
  }

  function press() {
    pressed = true;
  }

  function release() {
    if (!pressed) return;
    setTimeout(() => {
      pressed = false; // the click has been by now
      if (owing) refit();
    });
  }

  const resized = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(refit, 60);
  });
  resized.observe(root);
  // A button that was clicked does not keep the focus: Space would press it again, where it is to play or to reveal.
  root.onclick = (event) => {
    if (event.detail) event.composedPath().find((node) => node.matches?.("button, summary"))?.blur();
  };
  root.onpointerdown = press;
  for (const type of ENDS) document.addEventListener(type, release, true);
  document.addEventListener("click", follow, true);
  window.addEventListener("popstate", leavePage);
  document.addEventListener("keydown", keys);
  document.addEventListener("carousel-post", received);
  document.addEventListener("fullscreenchange", leftFullScreen);

  return {
    // The same reading again may bring another theme, other letters, other marks; a new one starts afresh.
    show(next) {
      if (!reading || next.id !== reading.id || next.whole !== reading.whole) {
        build(next);
        return;
      }
      reading.changed = next.changed;
      reading.signals.forEach((signal, k) => {
        const { letter, says, label, hint } = next.signals[k];
        Object.assign(signal, { letter, says, label, hint });
      });
      refit();
    },
    received,
    leave() {
      stop();
      for (const part of parts ?? []) part.leave?.();
      clearTimeout(timer);
      clearTimeout(settling);
      clearTimeout(patience);
      resized.disconnect();
      for (const type of ENDS) document.removeEventListener(type, release, true);
      document.removeEventListener("click", follow, true);
      window.removeEventListener("popstate", leavePage);
      document.removeEventListener("keydown", keys);
      document.removeEventListener("carousel-post", received);
      document.removeEventListener("fullscreenchange", leftFullScreen);
    },
  };
}

// Two that scroll as one.
function together(one, other) {
  one.onscroll = () => (other.scrollLeft = one.scrollLeft);
  other.onscroll = () => (one.scrollLeft = other.scrollLeft);
}

// To whoever on the page follows the playhead: kept for those who come later.
function announce(place) {
  document.carouselPlace = place;
  document.dispatchEvent(new CustomEvent("carousel-place", { detail: place }));
}

// Whether the script runs, or is about to.
function busy() {
  return WORKING.includes(document.querySelector("[data-testid=stApp]")?.dataset.testScriptState);
}

// In the app: Streamlit calls it when the payload or the theme changes.
function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  const stage = (parentElement.carouselStage ??= makeStage(parentElement, {
    tell: (place) => setStateValue("place", place),
    ask: (wanted) => setTriggerValue("arithmetic", wanted),
    link: keepLink,
    at: announce,
    busy,
  }));
  stage.show(unpackReading(data));
  return () => {
    stage.leave();
    delete parentElement.carouselStage;
  };
}

// In a saved page: it begins where it was saved.
function replay({ reading: bytes, arithmetic, place, address }) {
  const stage = makeStage(document.body, { address });
  const reading = unpackReading(bytes);
  stage.show({ ...reading, place, play: null });
  if (arithmetic) stage.received({ detail: arithmetic });
}
