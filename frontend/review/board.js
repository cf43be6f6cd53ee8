// The desk in the browser: listens to keys and clicks, shows at once what they come to, and tells the page. The cards
// are drawn by card.js, which is put before this.

const KEY_DEEDS = { Enter: "confirm", " ": "confirm", x: "exclude", s: "later", u: "undo" };
const DECIDE = ["confirm", "give", "exclude"];

class Board {
  constructor(root, tell) {
    this.root = root;
    this.tell = tell;
    this.find = (name) => root.querySelector(`.mng-${name}`);
    this.nodes = new Map(); // id -> <li>
    this.pictures = new Map(); // id -> data address
    this.outbox = []; // what was done here and is not heard of there
    this.marked = new Set();
    this.current = null; // id of the card that is in focus, or was
    this.at = 0; // its place
    this.seq = null;
    root.addEventListener("keydown", (event) => this.onKey(event));
    root.addEventListener("click", (event) => this.onClick(event));
    root.addEventListener("focusin", (event) => this.onFocus(event));
    document.addEventListener("keydown", (event) => this.onLooseKey(event));
    this.find("other").addEventListener("submit", (event) => this.onGive(event));
    this.find("other").elements.label.addEventListener("input", () => this.drawNew());
  }

  // --- What is there

  hear(data) {
    if (data.part !== this.data?.part) [this.at, this.current] = [0, null]; // another queue begins at its first
    this.data = data;
    this.seq ??= data.heard;
    this.outbox = this.outbox.filter((command) => command.seq > data.heard);
    for (const [id, address] of Object.entries(data.pictures)) this.pictures.set(Number(id), address);
    const ids = new Set(data.cards.map((card) => card.id));
    for (const id of this.pictures.keys()) if (!ids.has(id)) this.pictures.delete(id);
    this.find("told").textContent = data.told;
    this.draw();
    if (this.returning && !this.outbox.length) this.focus(0); // on what was taken back
    this.returning &&= this.outbox.length > 0;
    if (data.cards.some((card) => card.pictured && !this.pictures.has(card.id))) this.say();
  }

  shown() {
    const done = this.outbox.filter((command) => command.do !== "look");
    const gone = new Set(done.flatMap((command) => command.ids));
    return this.data.cards.filter((card) => !gone.has(card.id)).slice(0, this.data.shown);
  }

  // What a gesture is about: the marked pictures, else the one in focus.
  chosen() {
    const shown = this.shown();
    const marked = shown.filter((card) => this.marked.has(card.id));
    return marked.length ? marked : shown.slice(this.at, this.at + 1);
  }

  names() {
    const lists = this.chosen().map((card) => card.names);
    const firsts = [0, 1].flatMap((place) => lists.map((names) => names[place]));
    return [...new Set([...firsts, ...lists.flat()])].filter(Boolean).slice(0, 9);
  }

  // --- What is done

  say() {
    this.tell({ have: [...this.pictures.keys()], commands: this.outbox });
  }

  act(what, cards, label = "") {
    const able = what === "confirm" ? cards.filter((card) => card.best) : cards;
    if (what !== "undo" && !able.length) {
      this.find("told").textContent = cards.length ? "Nothing is suggested here: give it a label." : "";
      return;
    }
    const ids = what === "undo" ? [] : able.map((card) => card.id);
    this.outbox.push({ seq: ++this.seq, do: what, ids, label });
    if (what !== "look") ids.forEach((id) => this.marked.delete(id));
    const held = this.find("cards").contains(document.activeElement);
    this.returning = held && what === "undo";
    this.draw();
    if (held) this.focus(this.at);
    this.say();
  }

  onClick(event) {
    const button = event.target.closest("button[data-do]");
    const card = this.cardOf(event.target);
    if (event.target.matches("input[type=checkbox]")) this.mark(card, event.target.checked);
    else if (!button) return card && !event.target.closest("label") && this.focus(this.placeOf(card));
    else if (button.dataset.do === "all") this.markAll(true);
    else if (button.dataset.do === "none") this.markAll(false);
    else this.act(button.dataset.do, card ? [card] : this.chosen(), button.dataset.label);
  }

  onGive(event) {
    event.preventDefault();
    const input = event.target.elements.label;
    const label = input.value.trim();
    if (!label) return;
    input.value = "";
    this.act("give", this.chosen(), label);
  }

  onKey(event) {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey);
    if (!plain || event.target.matches("input:not([type=checkbox])") || !this.data) return;
    const presses = event.target.matches("button, input") && (event.key === "Enter" || event.key === " ");
    if (!presses && this.press(event.key)) {
      event.preventDefault();
      event.stopPropagation(); // Streamlit has keys of its own
    }
  }

  // A key that is pressed while nothing is in focus, as when the page has just come: it means the picture that is
  // next, which comes into sight with it. What scrolls the page goes on doing that.
  onLooseKey(event) {
    if (event.target !== document.body || !this.root.isConnected || !this.data || !this.shown().length) return;
    const moves = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (!moves && !/^([1-9xsuml]|Enter)$/i.test(event.key)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    this.focus(this.at);
    if (moves) event.preventDefault();
    else this.onKey(event);
  }

  // Whether the key means something here.
  press(key) {
    const small = key.length === 1 ? key.toLowerCase() : key;
    if (small >= "1" && small <= "9") {
      const label = this.names()[small - 1];
      if (label) this.act("give", this.chosen(), label);
    } else if (small === "l") this.act("look", this.shown().slice(this.at, this.at + 1));
    else if (KEY_DEEDS[small]) this.act(KEY_DEEDS[small], this.chosen());
    else if (small === "m") this.toggle();
    else if (this.steps(key) !== undefined) this.focus(this.at + this.steps(key));
    else return false;
    return true;
  }

  steps(key) {
    const columns = getComputedStyle(this.find("cards")).gridTemplateColumns.split(" ").length;
    const last = this.shown().length - 1;
    const home = { Home: -this.at, End: last - this.at };
    return { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, ...home }[key];
  }

  // --- Focus and marks

  cardOf(node) {
    const id = Number(node.closest("li[data-id]")?.dataset.id);
    return this.shown().find((card) => card.id === id);
  }

  placeOf(card) {
    return this.shown().findIndex((one) => one.id === card.id);
  }

  focus(place) {
    const shown = this.shown();
    this.current = shown[Math.max(0, Math.min(place, shown.length - 1))]?.id;
    this.draw();
    if (shown.length) this.nodes.get(this.current).focus();
    else this.root.querySelector('[data-do="undo"]').focus();
  }

  onFocus(event) {
    const card = this.cardOf(event.target);
    if (card && card.id !== this.current) {
      this.current = card.id;
      this.draw();
    }
  }

  toggle() {
    const card = this.shown()[this.at];
    if (card) this.mark(card, !this.marked.has(card.id));
  }

  mark(card, on) {
    if (on) this.marked.add(card.id);
    else this.marked.delete(card.id);
    this.draw();
  }

  markAll(on) {
    this.marked = new Set(on ? this.shown().map((card) => card.id) : []);
    this.draw();
  }

  // --- Drawing

  draw() {
    const shown = this.shown();
    const place = shown.findIndex((card) => card.id === this.current);
    // Where it is gone, the one that took its place is next.
    this.at = place >= 0 ? place : Math.max(0, Math.min(this.at, shown.length - 1));
    this.current = shown[this.at]?.id;
    const list = this.find("cards");
    const wanted = new Set(shown.map((card) => card.id));
    for (const [id, node] of this.nodes) {
      if (wanted.has(id)) continue;
      node.remove();
      this.nodes.delete(id);
      this.marked.delete(id);
    }
    shown.forEach((card, place) => {
      const node = this.nodeOf(card);
      if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null);
      node.tabIndex = place === this.at ? 0 : -1;
      node.classList.toggle("mng-at", place === this.at);
      node.classList.toggle("mng-marked", this.marked.has(card.id));
      node.querySelector("input").checked = this.marked.has(card.id);
      // One card at a time is on the way of the Tab key; arrows lead to the others.
      for (const inner of node.querySelectorAll("button, input")) inner.tabIndex = node.tabIndex;
    });
    this.drawActs(shown);
    this.drawWrong();
  }

  nodeOf(card) {
    const drawn = JSON.stringify([card, this.pictures.has(card.id)]);
    const old = this.nodes.get(card.id);
    if (old?.drawn === drawn) return old;
    const node = old ?? make("li", "mng-card");
    node.drawn = drawn;
    node.dataset.id = card.id;
    node.setAttribute("aria-label", [card.name, card.label ?? "no label", ...card.why].join(". "));
    node.replaceChildren(frameOf(card, this.pictures.get(card.id)), bodyOf(card));
    this.nodes.set(card.id, node);
    return node;
  }

  drawActs(shown) {
    const chosen = this.chosen();
    const marked = shown.some((card) => this.marked.has(card.id));
    const several = marked ? `${chosen.length} marked` : chosen[0]?.name;
    this.root.classList.toggle("mng-nothing", !shown.length);
    this.find("chosen").textContent = several ?? "";
    this.root.querySelector('[data-do="none"]').hidden = !marked;
    const names = this.names();
    const list = this.find("names");
    if (list.dataset.names !== JSON.stringify(names)) {
      list.dataset.names = JSON.stringify(names);
      list.replaceChildren(...names.map((name, place) => numbered(name, place + 1)));
    }
    const bests = new Set(chosen.map((card) => card.best).filter(Boolean));
    const yes = this.root.querySelector('[data-do="confirm"]');
    yes.disabled = !bests.size;
    yes.textContent = bests.size > 1 ? "Yes to each" : bests.size ? `Yes, ${[...bests][0]}` : "Yes";
    const undo = this.root.querySelector('[data-do="undo"]');
    undo.disabled = !this.data.undo && !this.outbox.some((command) => DECIDE.includes(command.do));
    undo.title = this.data.undo ? `Take back: ${this.data.undo}` : "";
    const options = this.root.querySelector("datalist");
    if (options.children.length !== this.data.labels.length) {
      options.replaceChildren(...this.data.labels.map((name) => Object.assign(make("option"), { value: name })));
    }
    this.drawNew();
  }

  drawNew() {
    const typed = this.find("other").elements.label.value.trim();
    const known = !typed || this.data.labels.includes(typed);
    this.find("new").textContent = known ? "" : `“${typed}” is new: models know it from the next training on.`;
  }

  drawWrong() {
    const [title, advice, detail] = this.data.wrong;
    const box = this.find("wrong");
    const said = JSON.stringify(this.data.wrong);
    if (box.dataset.said === said) return; // said once, not at every key
    box.dataset.said = said;
    box.replaceChildren(...(title ? [make("b", "", title), make("p", "", advice), make("p", "mng-fine", detail)] : []));
  }
}

const boards = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".mng-desk");
  const tell = (said) => setStateValue("said", said);
  if (!boards.has(root)) boards.set(root, new Board(root, tell));
  const board = boards.get(root);
  board.tell = tell;
  board.hear(data);
}
