// Once for each occasion: Streamlit runs the page anew at every click, and nobody is to be torn away from what they read.
window.menagerieLead ??= (occasion, to) => {
  if (window.menagerieLed === occasion) return;
  window.menagerieLed = occasion;
  document.querySelector(".stMain")?.scrollTo(0, 0);
  const found = to && document.querySelector(to);
  if (!found) return;
  found.tabIndex = -1;
  found.focus({ preventScroll: true });
};
