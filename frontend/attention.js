// Once for each occasion: Streamlit runs the page anew at every click, and nobody is to be torn away from what they read.
window.menagerieLed ??= new Set();
window.menagerieLead ??= (occasion, to, seen) => {
  if (window.menagerieLed.has(occasion)) return;
  window.menagerieLed.add(occasion);
  const shown = seen && document.querySelector(seen);
  if (shown) {
    // Streamlit draws some parts a moment later: what grows meanwhile is to be seen all the same.
    const growing = new ResizeObserver(() => shown.scrollIntoView({ block: "nearest" }));
    growing.observe(shown);
    setTimeout(() => growing.disconnect(), 1000);
  } else {
    document.querySelector(".stMain")?.scrollTo(0, 0);
  }
  const found = to && document.querySelector(to);
  if (!found) return;
  if (found.tabIndex < 0) found.tabIndex = -1; // what takes keys by itself stays where the Tab key finds it
  found.focus({ preventScroll: true });
};
