// Mounts the account of a memory, which follows the stage's playhead on its own.

function makeAccount(parent) {
  const root = parent.querySelector(".account");
  let header, view;

  function fit() {
    const theme = header.themes[isDark(root) ? "dark" : "light"];
    for (const name of ["accent", "grid", "muted", "panel", "text", "background"]) root.style.setProperty(`--${name}`, theme[name]);
    view.fit(theme);
  }

  // The stage sends its place with the id of its reading, which may still be, or already be, another text.
  function moved({ detail }) {
    if (header && detail.id === header.id) view.move(detail);
  }

  const resized = new ResizeObserver(() => header && fit());
  resized.observe(root);
  document.addEventListener("carousel-place", moved);
  return {
    show(next, values) {
      header = next;
      root.replaceChildren();
      root.className = `account ${header.kind}`;
      for (const name of ["step", "unit", "painted"]) delete root.dataset[name];
      view = (header.kind === "belt" ? makeBelt : makeAnswer)(root, header, values);
      fit();
      if (document.carouselPlace) moved({ detail: document.carouselPlace });
    },
    leave() {
      resized.disconnect();
      document.removeEventListener("carousel-place", moved);
    },
  };
}

export default function ({ data, parentElement }) {
  const account = (parentElement.carouselAccount ??= makeAccount(parentElement));
  const { header, values } = unpack(data);
  account.show(header, values);
  return () => {
    account.leave();
    delete parentElement.carouselAccount;
  };
}
