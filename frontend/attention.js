// Once for each occasion: Streamlit runs the page anew at every click, and nobody is to be torn away from what they read.
window.menagerieLed ??= new Set();
window.menagerieLead ??= (occasion, to, seen) => {
  if (window.menagerieLed.has(occasion)) return;
  window.menagerieLed.add(occasion);
  if (seen) document.querySelector(seen)?.scrollIntoView({ block: "nearest" });
  else document.querySelector(".stMain")?.scrollTo(0, 0);
  const found = to && document.querySelector(to);
  if (!found) return;
  if (found.tabIndex < 0) found.tabIndex = -1; // what takes keys by itself stays where the Tab key finds it
  found.focus({ preventScroll: true });
};
