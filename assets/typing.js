// Half of a character (a lone surrogate) cannot be sent to the server: the message would be refused, and with it the session. It is
// replaced by U+FFFD in whatever box it is typed or pasted into, before Streamlit reads the box.
if (!window.carouselTyping) {
  window.carouselTyping = true;
  const valueOf = (box) => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value");
  window.addEventListener(
    "input",
    (event) => {
      const box = event.composedPath()[0];
      if (!(box instanceof HTMLTextAreaElement || box instanceof HTMLInputElement) || !/\p{Surrogate}/u.test(box.value)) return;
      const { selectionStart, selectionEnd } = box;
      valueOf(box).set.call(box, box.value.replace(/\p{Surrogate}/gu, "\ufffd"));
      if (selectionStart !== null) box.setSelectionRange(selectionStart, selectionEnd);
    },
    true,
  );
}
