// A picture that is pasted, or dropped beside the drop zone, goes the way of one that was chosen: through the
// uploader's own input, over HTTP, with its limits. Streamlit's uploader knows no pasting. Where an answer stands,
// the uploader is there unseen, so that the next picture needs no click before it.
if (!window.menagerieArriving) {
  window.menagerieArriving = true;

  const UPLOADER = ":is(.st-key-chooser, .st-key-next) [data-testid=stFileUploaderDropzone] input[type=file]";
  const receive = (event, transfer) => {
    const input = document.querySelector(UPLOADER);
    const files = [...(transfer?.files ?? [])];
    if (!input || !files.length) return;
    event.preventDefault();
    const carried = new DataTransfer();
    files.forEach((file) => carried.items.add(file));
    input.files = carried.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const within = (event, selector) => event.target instanceof Element && event.target.closest(selector);

  document.addEventListener("paste", (event) => {
    if (!within(event, "textarea, input:not([type=file])")) receive(event, event.clipboardData);
  });
  // Without this the browser would leave the page and show the dropped file.
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (event.defaultPrevented || within(event, "[data-testid=stFileUploaderDropzone]")) return;
    event.preventDefault();
    receive(event, event.dataTransfer);
  });
}
