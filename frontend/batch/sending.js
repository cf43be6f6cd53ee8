// How many of the files that were chosen have been sent: by itself, Streamlit shows a sign for each in a small box.
window.menagerieSending ??= setInterval(() => {
  const told = document.querySelector(".mng-sending");
  if (!told) return;
  const count = (id) => document.querySelectorAll(`.st-key-chooser [data-testid=${id}]`).length;
  const chosen = count("stFileChip");
  const waiting = count("stFileChipIconSpinner");
  const said = waiting && chosen > 1 ? `${(chosen - waiting).toLocaleString("en")} of ${chosen.toLocaleString("en")} sent` : "";
  if (told.textContent !== said) told.textContent = said;
}, 300);
