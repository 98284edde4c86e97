// The theme has two landmarks of one kind without names; who hears the page must tell them apart.
for (const [drawer, name] of [["sidebar-drawer", "All pages"], ["toc-drawer", "On this page"]]) {
  document.querySelector(`.${drawer}`)?.setAttribute("aria-label", name);
}
// Its groups of pages are headings that do not say of which level.
for (const caption of document.querySelectorAll(".sidebar-tree .caption")) caption.setAttribute("aria-level", "2");

// What scrolls sideways can be reached, and scrolled, with the keyboard.
const reachable = () => {
  for (const box of document.querySelectorAll("article pre, article table.docutils, article .math")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
reachable();
addEventListener("resize", reachable);

// The page's theme is chosen in the page; a player otherwise follows the system.
const skin = () => {
  const chosen = document.body.dataset.theme;
  for (const player of document.querySelectorAll("flash-trace-player")) {
    if (chosen === "light" || chosen === "dark") player.setAttribute("theme", chosen);
    else player.removeAttribute("theme");
  }
};
skin();
new MutationObserver(skin).observe(document.body, { attributeFilter: ["data-theme"] });

// Another trace of the same film.
for (const choice of document.querySelectorAll(".stepped select")) {
  choice.addEventListener("change", () => { choice.closest(".stepped").querySelector("flash-trace-player").src = choice.value; });
}

// A loop moves where motion is welcome; its controls stop it.
const still = matchMedia("(prefers-reduced-motion: reduce)");
const moving = () => {
  for (const loop of document.querySelectorAll("video.moves")) {
    if (still.matches) loop.pause();
    else loop.play().catch(() => {}); // a browser that plays nothing by itself shows the poster
  }
};
moving();
still.addEventListener("change", moving);
