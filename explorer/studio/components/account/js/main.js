// The account of a memory, as it is mounted: it follows the stage's playhead on its own.

function makeAccount(parent) {
  const root = parent.querySelector(".account");
  let given, shown;

  function fit() {
    const theme = given.themes[isDark(root) ? "dark" : "light"];
    for (const name of ["accent", "grid", "muted", "panel", "text", "background"]) root.style.setProperty(`--${name}`, theme[name]);
    shown.fit(theme);
  }

  // The stage says where it is with the name of what it reads: it may still be at another text, or already.
  function moved({ detail }) {
    if (given && detail.id === given.id) shown.move(detail);
  }

  const resized = new ResizeObserver(() => given && fit());
  resized.observe(root);
  document.addEventListener("carousel-place", moved);
  return {
    show(next, values) {
      given = next;
      root.replaceChildren();
      root.className = `account ${given.kind}`;
      for (const name of ["step", "unit", "painted"]) delete root.dataset[name];
      shown = (given.kind === "belt" ? makeBelt : makeAnswer)(root, given, values);
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
