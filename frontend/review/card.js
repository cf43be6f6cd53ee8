// How a picture that waits is drawn.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text; // never HTML: labels and comments come from people
  return node;
}

function frameOf(card, address) {
  const frame = make("div", "mng-frame");
  const image = address ? make("img") : make("i", "mng-paw");
  if (address) Object.assign(image, { src: address, alt: card.name });
  const mark = make("label", "mng-mark");
  const box = Object.assign(make("input"), { type: "checkbox" });
  mark.append(box, make("span", "", "Mark"));
  box.setAttribute("aria-label", `Mark ${card.name}`);
  const larger = Object.assign(make("button", "mng-larger", "Larger"), { type: "button" });
  larger.dataset.do = "look";
  larger.setAttribute("aria-label", `Show ${card.name} large`);
  frame.append(image, mark, larger);
  if (card.measures) {
    const flag = make("span", "mng-flag", "Test picture");
    flag.title = "Models are measured on this picture. A wrong label here makes the measure wrong.";
    frame.append(flag);
  }
  return frame;
}

function bodyOf(card) {
  const body = make("div", "mng-body");
  const label = make("p", "mng-label", card.label ?? "No label");
  if (card.best && card.best !== card.label) {
    label.append(make("span", "mng-becomes", " → "), make("b", "", card.best));
  }
  const reasons = make("p", "mng-reasons");
  reasons.append(...card.reasons.map((reason) => make("span", "", reason)));
  const acts = make("div", "mng-quick");
  if (card.best) acts.append(deed(card, card.best, `Yes, ${card.best}`, "mng-yes"));
  if (card.label && card.best !== card.label) acts.append(deed(card, card.label, `Keep ${card.label}`, ""));
  body.append(label, reasons, ...card.why.map((reason) => make("p", "mng-fine", reason)), acts);
  return body;
}

function deed(card, label, words, className) {
  const button = Object.assign(make("button", className, words), { type: "button" });
  Object.assign(button.dataset, { do: "give", label });
  button.setAttribute("aria-label", `${words}: ${card.name}`);
  return button;
}

function numbered(name, number) {
  const button = Object.assign(make("button"), { type: "button" });
  Object.assign(button.dataset, { do: "give", label: name });
  button.append(make("kbd", "", number), make("span", "", name));
  return button;
}
