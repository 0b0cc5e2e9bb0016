// One instance for each mounted stage. It owns step and unit: it moves on its own, and tells URL and server when it has settled.

const PATIENCE = 4000; // ms until a lost or delayed message is sent again
const WORKING = ["running", "rerunRequested", "stopRequested"]; // Streamlit's script states while it runs
const SETTLE = 180; // ms of rest before a move is sent to URL and server

// The focused element, also inside shadow roots.
function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

// Events that end a press, wherever the pointer is.
const ENDS = ["pointerup", "pointercancel", "dragend"];

// Elements with their own use of all keys, and of Space.
const HAS_KEYS = "input, textarea, select, [contenteditable]";
const HAS_SPACE = "button, summary, [role=button]";

// View modes of the stage: kept across pages and networks, and in the link.
const MODES = { unroll: "1", ask: "1", present: "1", roll: "telling" }; // switches, and their values in the link
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

// The user's last place: known here before the server knows it, and kept across pages and networks.
let latest = null;

// `host` shows the stage: it may `tell` a server the user's place, keep a `link`, `ask` for the arithmetic of a unit (or of all), and
// report whether it is `busy`. A saved page has none of the four.
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

  // Not while another page loads: a message from this page would cancel that. The next stage knows the place.
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
    settling = setTimeout(tell, PATIENCE); // unless the stage has gone
  }

  function go({ step, by, unit }) {
    stop();
    move({ step: step ?? place.step + (by ?? 0), unit: unit ?? place.unit }, STEP_FLOW);
    settle();
  }

  // Moves to another step or unit. A step forward flows through the cell for `lasts` ms; any other move is immediate.
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

  // Plays to the end, or to `until`; a second call pauses. In guessing mode each step waits for its answer.
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

  // Changes the view mode at the same step.
  function settings(changes) {
    Object.assign(modes, changes);
    if (changes.ask) stop(); // playing on would skip the question
    if ("ask" in changes) cover(modes.ask);
    if ("present" in changes) present();
    fit();
    draw();
    host.link?.(reading, place);
  }

  // The top layer lies above everything, wherever the stage is nested; full screen if the browser allows it.
  function present() {
    const shown = root.matches(":popover-open");
    if (modes.present && !shown) {
      root.popover = "manual";
      root.showPopover();
      document.documentElement.requestFullscreen?.().catch(() => {}); // requires a click; the stage is large without it, too
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

  // Requests the arithmetic of a unit, or of all, once until it arrives.
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
      waiting = undefined; // a request can be lost, for example while the server works on another one
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
    const plays = reading.play && !still() && !modes.ask; // in guessing mode, playing would reveal the answers
    if (carried && !plays) settle(); // playing ends at the user's place
    if (plays) {
      const [from, until] = reading.play;
      move({ step: from, unit: place.unit });
      play(until);
    }
  }

  // The panels around the cell: answer, reasons and all units; or its code, where the cell itself is studied.
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

  // Folds an unfolded gate, else leaves the presentation; returns whether either was active.
  function escape() {
    if (parts.cell?.fold()) return true;
    if (!modes.present) return false;
    settings({ present: false });
    return true;
  }

  // Not between press and release: the clicked node would be replaced, and the click lost.
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
      pressed = false; // the click has been handled
      if (owing) refit();
    });
  }

  const resized = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(refit, 60);
  });
  resized.observe(root);
  // A clicked button loses the focus: otherwise Space would press it again instead of playing or revealing.
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
    // The same reading may arrive with another theme, notation or marks; a new reading starts anew.
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

// Links the scrolling of two elements.
function together(one, other) {
  one.onscroll = () => (other.scrollLeft = one.scrollLeft);
  other.onscroll = () => (one.scrollLeft = other.scrollLeft);
}

// Sends the place to components that follow the playhead, and keeps it for later ones.
function announce(place) {
  document.carouselPlace = place;
  document.dispatchEvent(new CustomEvent("carousel-place", { detail: place }));
}

// Whether the script runs or is about to run.
function busy() {
  return WORKING.includes(document.querySelector("[data-testid=stApp]")?.dataset.testScriptState);
}

// In the app: Streamlit calls this when the payload or the theme changes.
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

// In a saved page: starts at the saved place.
function replay({ reading: bytes, arithmetic, place, address }) {
  const stage = makeStage(document.body, { address });
  const reading = unpackReading(bytes);
  stage.show({ ...reading, place, play: null });
  if (arithmetic) stage.received({ detail: arithmetic });
}
