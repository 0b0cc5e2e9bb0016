"""What a page holds and asks for, counted in the page itself: listeners, observers, timers, frames."""

from __future__ import annotations

from playwright.sync_api import Page

COUNT = """
    const listeners = new Map(), timers = new Set(), observers = new Set();
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const held = (type) => listeners.get(type) ?? listeners.set(type, new Set()).get(type);
    EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
        if (this === document) held(type).add(listener);
        return addEventListener.call(this, type, listener, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
        if (this === document) held(type).delete(listener);
        return removeEventListener.call(this, type, listener, ...rest);
    };
    window.heldListeners = (type) => held(type).size;

    // Streamlit has timers and observers of its own: those of the stage come from its module.
    const ours = () => new Error().stack.includes("carousel_stage");
    const { setTimeout: start, clearTimeout: stop, requestAnimationFrame: request } = window;
    window.setTimeout = (action, ...rest) => {
        const mine = ours();
        const timer = start(() => { timers.delete(timer); action(); }, ...rest);
        if (mine) timers.add(timer);
        return timer;
    };
    window.clearTimeout = (timer) => { timers.delete(timer); stop(timer); };
    window.heldTimers = () => timers.size;
    const Observer = window.ResizeObserver;
    window.ResizeObserver = class extends Observer {
        observe(...what) { if (ours()) observers.add(this); super.observe(...what); }
        disconnect() { observers.delete(this); super.disconnect(); }
    };
    window.heldObservers = () => observers.size;
    let frames = 0;
    window.requestAnimationFrame = (callback) => { if (ours()) frames++; return request(callback); };
    window.framesAsked = () => frames;
"""
"""To be had before the page is opened: `page.add_init_script(COUNT)`."""

TYPES = ("keydown", "carousel-post", "fullscreenchange", "pointercancel")
"""What a stage listens to on the whole document."""


def listeners(page: Page) -> dict[str, int]:
    """How many there are on the document, of each type that a stage listens to."""
    return {of: int(page.evaluate("type => heldListeners(type)", of)) for of in TYPES}


def frames_asked(page: Page) -> int:
    """How often the stage asked for an animation frame so far."""
    return int(page.evaluate("framesAsked()"))


def expect_rest(page: Page) -> None:
    """Waits until the stage has no more timers, and asks for no more frames."""
    page.wait_for_function(
        """() => new Promise((done) => {
            const frames = framesAsked();
            requestIdleCallback(() => setInterval(() => done(heldTimers() === 0 && framesAsked() === frames), 150));
        })"""
    )
