/**
 * <flash-trace-player src="trace.json">: a FlashAttention trace, step by step. Part of flashviz, MIT licence.
 *
 * The file comes from `flashviz export TRACE.npz --player`. Nothing is computed here that a kernel computes: what an event means is
 * looked up in the statements that the file brings along, bytes are added, and kept values are drawn. After k steps the page shows stateAt(k).
 * No framework, no build, no request but the traces named.
 */

const TYPES = { i2: Int16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array, u1: Uint8Array };
const MONO = "ui-monospace, Menlo, Consolas, monospace", SERIF = "Georgia, 'Times New Roman', serif", SANS = "system-ui, sans-serif";
const CHIP = ["Q", "K", "V", "S", "M", "L", "ACC"];

/** A file with its arrays unpacked, wherever they stand: little-endian, base64, integers deflated. */
async function unpacked(part) {
  if (!part || typeof part !== "object" || Array.isArray(part)) return part;
  if (!(part.dtype in TYPES)) return Object.fromEntries(await Promise.all(Object.entries(part).map(async ([name, value]) => [name, await unpacked(value)])));
  const { dtype, data, ...said } = part, bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const inflated = () => new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  return Object.assign(new TYPES[dtype](dtype[0] === "f" ? bytes.buffer : await inflated()), said);
}

// ------------------------------------------------------------------------------------------------------------ the recording

/** How many of some numbers, rising, are below k. */
function before(rising, k) {
  let low = 0, high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] < k) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One exported trace. Pure: what it answers depends on the file alone. */
export class Recording {
  /** The trace in a file. */
  static async open(doc) {
    if (doc?.format !== "flashviz-player" || doc.schema !== 3)
      throw new Error(`expected a flashviz-player file of schema 3, got ${doc?.format ?? "another file"} ${doc?.schema ?? ""}; export it again`);
    return new Recording(await unpacked(doc));
  }

  constructor(doc) {
    this.doc = doc;
    this.length = doc.events;
    this.header = doc.header;
    this.config = doc.header.config;
    this.columns = doc.columns;
    this.statements = doc.statements.map((statement) => ({ ...statement, events: [], sums: [0] }));
    this.coded = new Map(this.statements.map((statement) => [statement.code, statement]));
    this.#place();
    this.products = new Set(this.statements.flatMap(({ makes }) => makes?.name ?? []));
    this.bounds = doc.bounds;
    this.tensors = doc.tensors;
    this.stats = doc.stats;
    this.errors = doc.errors;
    this.broken = !!doc.header.altered && !this.count("RESCALE_ACC", 0, this.length);
  }

  /** Of each statement its events, rising, and the bytes moved before each of them and after the last. */
  #place() {
    const { kind, nbytes } = this.columns;
    kind.forEach((code, at) => {
      const statement = this.coded.get(code);
      if (!statement) throw new Error(`expected the file's statements, got kind ${code} in event ${at}; export it again`);
      statement.events.push(at);
      statement.sums.push(statement.sums.at(-1) + nbytes[at]);
    });
  }

  event(at) {
    const { events, sums, ...event } = this.coded.get(this.columns.kind[at]);
    for (const name in this.columns) if (name !== "kind") event[name] = this.columns[name][at];
    return Object.assign(event, { at });
  }

  /** The last of events first..k-1 that executed a statement; -1 where none did. */
  last({ events }, first, k) {
    const found = events[before(events, k) - 1] ?? -1;
    return found < first ? -1 : found;
  }

  /** Those of events first..k-1 that executed the statement of a name; none where the trace has none. */
  executed(name, first, k) {
    const events = this.statements.find((statement) => statement.name === name)?.events ?? [];
    return events.slice(before(events, first), before(events, k));
  }

  count(name, first, k) {
    return this.executed(name, first, k).length;
  }

  /** [first, stop) of the program that event `at` belongs to. */
  span(at) {
    const next = before(this.bounds, at + 1);
    return [this.bounds[next - 1], this.bounds[next]];
  }

  /** [first, stop) of the program that computes `row` of a copy `bh` (batch entry and head) of O. */
  spanOfRow(bh, row) {
    const { pid_m, pid_bh, launch } = this.columns;
    const firsts = [...this.bounds.slice(0, -1)].filter((at) => pid_bh[at] === bh && launch[at] === 0);
    const block = firsts[1] ? Math.floor(row / this.config.block_m) : 0; // one program may walk all row blocks
    const first = firsts.find((at) => pid_m[at] === block);
    return first === undefined ? null : this.span(first);
  }

  /** What is on chip and what has crossed after the first k events: the query of flashviz.trace.state_at. */
  stateAt(k) {
    const state = { k, program: null, smem: {}, registers: {}, m: null, l: null, alpha: null, s: null, ...this.traffic(k) };
    if (k === 0) return state;
    const last = this.event(k - 1);
    const [first, stop] = this.span(k - 1);
    state.program = this.doc.program.map((name) => last[name]);
    if (k === stop) return state;
    const held = this.held(first, k);
    for (const [product, tile] of Object.entries(held)) (tile.memory === "SMEM" ? state.smem : state.registers)[product] = tile;
    return Object.assign(state, this.#values(first, last, held));
  }

  /** Tiles on chip after events first..k-1 of one program: a product is there if its last maker is later than the last that freed it. */
  held(first, k) {
    const held = {}, last = (test) => Math.max(-1, ...this.statements.filter(test).map((statement) => this.last(statement, first, k)));
    for (const tensor of this.products) {
      const since = last(({ makes }) => makes?.name === tensor), freed = last(({ frees }) => frees.includes(tensor));
      if (since <= freed) continue;
      const { makes: { memory, itemsize }, i, j, r0, r1, c1 } = this.event(since);
      const whole = last(({ makes }) => makes?.name === tensor && !makes.gathers); // of tiles that were gathered since, the columns of all
      const joined = this.statements.flatMap(({ makes, events }) => (makes?.name === tensor ? events[before(events, Math.max(freed + 1, first))] ?? [] : []));
      const c0 = this.columns.c0[whole > freed ? whole : Math.min(...joined)];
      held[tensor] = { tensor, memory, i, j, r0, r1, c0, c1, nbytes: (r1 - r0) * (c1 - c0) * itemsize, since };
    }
    return held;
  }

  #values(first, last, held) {
    if (!this.stats) return {};
    const t = this.tile(last.at), found = { t };
    for (const [name, maker] of [["m", "SOFTMAX_M"], ["l", "SOFTMAX_L"], ["alpha", "ALPHA"]]) {
      const since = held[name.toUpperCase()]?.since;
      if (since >= 0 && this.event(since).name === maker) found[name] = this.stat(name, last.pid_bh, this.tile(since), ...this.rows(first));
    }
    if (held.S && (last.makes?.name !== "S" || this.event(last.at + 1).makes?.name !== "S")) found.s = this.scoresOf(last.pid_m, last.pid_bh, t);
    return found;
  }

  /** Which of its program's visited tiles event `at` is of: each begins with its scores; any other statement may have been skipped. */
  tile(at) {
    return this.count("QK_DOT", this.span(at)[0], at + 1) - 1;
  }

  /** First and last row of the program that begins with event `first`. */
  rows(first) {
    return [this.columns.r0[first], this.columns.r1[first]];
  }

  /** m, l or alpha of rows r0..r1 after visited tile t. */
  stat(name, bh, t, r0, r1) {
    const array = this.stats[name], [, tiles, all] = array.shape;
    return array.subarray((bh * tiles + t) * all + r0, (bh * tiles + t) * all + r1);
  }

  /** Masked scores of visited tile t: a row of B_c numbers each, NaN beyond the last key; null where the file has none. */
  scoresOf(pid_m, pid_bh, t) {
    const kept = this.doc.programs?.[`${pid_m},${pid_bh}`]?.s;
    if (!kept) return null;
    const [, rows, columns] = kept.shape;
    return Object.assign(kept.subarray(t * rows * columns, (t + 1) * rows * columns), { shape: [rows, columns] });
  }

  /** Bytes that the first k events moved, by way and tensor. */
  traffic(k) {
    const read = {}, written = {};
    for (const { tensor, reads, writes, events, sums } of this.statements)
      for (const [side, applies] of [[read, reads], [written, writes]]) {
        const bytes = applies && sums[before(events, k)];
        if (bytes) side[tensor] = (side[tensor] ?? 0) + bytes;
      }
    return { read, written };
  }

  /** Bytes that crossed in either direction, by tensor. */
  crossed(k) {
    const { read, written } = this.traffic(k);
    return Object.fromEntries([...new Set([...Object.keys(read), ...Object.keys(written)])].map((t) => [t, (read[t] ?? 0) + (written[t] ?? 0)]));
  }

  /** How often the first k events read, or wrote, each box of a tensor: sides, joined by commas -> count. */
  touched(tensor, way, k) {
    const counts = {};
    for (const statement of this.statements)
      if (statement.tensor === tensor && statement[way])
        for (const at of statement.events.slice(0, before(statement.events, k))) {
          const box = statement.sides.map((side) => this.columns[side][at]).join();
          counts[box] = (counts[box] ?? 0) + 1;
        }
    return counts;
  }

  /** Of the tiles of O of a copy, by row block: how much of what is written there by and by has been, from 0 to 1. */
  written(copy, k) {
    const now = this.touched("O", "writes", k), shares = {};
    for (const [box, all] of Object.entries(this.touched("O", "writes", this.length))) {
      const [bh, r0] = box.split(",").map(Number);
      if (bh === copy) shares[r0 / this.config.block_m] = (now[box] ?? 0) / all;
    }
    return shares;
  }

  /** Events that move a tensor, either way. */
  transfersOf(tensor) {
    return this.statements.flatMap(({ tensor: moved, reads, writes, events }) => (moved === tensor && (reads || writes) ? events : []));
  }

  /** One row of O and how far it is at k: its statistics before and after the newest tile, its terms. Null without values. */
  rowAt(k, bh, row) {
    const span = this.stats && this.spanOfRow(bh, row);
    if (!span) return null;
    const upTo = Math.min(Math.max(k, span[0]), span[1]);
    const one = (name, t) => (t < 0 ? NaN : this.stat(name, bh, t, row, row + 1)[0]);
    const scored = this.executed("QK_DOT", span[0], upTo), t = scored.length - 1, block = this.columns.pid_m[span[0]];
    const tile = t < 0 ? null : this.scoresOf(block, bh, t);
    const width = tile?.shape[1], inside = row - this.columns.r0[span[0]];
    return {
      span, t, done: (name) => this.count(name, scored[t], upTo), block,
      ended: k >= span[1], begun: k > span[0],
      s: tile && tile.subarray(inside * width, (inside + 1) * width).filter((score) => !Number.isNaN(score)),
      mOld: t > 0 ? one("m", t - 1) : -Infinity, mNew: one("m", t), alpha: one("alpha", t),
      lOld: t > 0 ? one("l", t - 1) : 0, lNew: one("l", t),
    };
  }

  /** Tiles of a row's program in the order visited: {t, j, m, alpha, rise, at} with `at` the event that takes the new max. */
  history(bh, row) {
    const span = this.stats && this.spanOfRow(bh, row);
    if (!span) return [];
    const tiles = [];
    for (const at of this.executed("SOFTMAX_M", ...span)) {
      const t = tiles.length, [m, l, alpha] = ["m", "l", "alpha"].map((name) => this.stat(name, bh, t, row, row + 1)[0]);
      tiles.push({ t, at, m, alpha, j: this.columns.j[at], rise: t > 0 && alpha < 1 && l > 0 });
    }
    return tiles;
  }

  /** The step that a page opens at: the film's rise, once the max has grown; before the first where no row's does. */
  get opening() {
    const { follow } = this.doc;
    if (follow?.rise == null) return 0;
    return this.history(follow.pid_bh, follow.pid_m * this.config.block_m + follow.row)[follow.rise].at + 1;
  }

  /** Whether the rescale at event `at` changes any row: alpha < 1 after the first tile. */
  changes(at) {
    if (!this.stats) return true;
    const [first] = this.span(at), t = this.tile(at);
    return t > 0 && this.stat("alpha", this.columns.pid_bh[at], t, ...this.rows(first)).some((alpha) => alpha < 1);
  }

  /** The step at which the program of the same row is as far as `other`'s is after k steps: its tiles seen, its kind of event done. */
  moment(other, k) {
    if (!k || k === other.length) return k && this.length;
    const { name, pid_bh } = other.event(k - 1), [first] = other.span(k - 1), tiles = other.count("QK_DOT", first, k);
    const span = this.spanOfRow(pid_bh, other.columns.r0[first]);
    if (!span) return 0;
    let seen = 0, last = span[0];
    for (let at = span[0]; at < span[1]; at++) {
      const kind = this.event(at).name;
      if (kind === "QK_DOT" && ++seen > tiles) break;
      if (seen === tiles) last = at;
      if (seen === tiles && kind === name) break;
    }
    return last + 1;
  }

  /** First step after k that has done an event which passes `test(event)`; null if none. */
  next(k, test) {
    for (let at = k; at < this.length; at++) if (test(this.event(at))) return at + 1;
    return null;
  }
}

// ------------------------------------------------------------------------------------------------------------ figures and words

const sign = (text) => text.replace("-", "−");
const power = (value, digits) => value.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");

/** As flashviz.figures.number: small ones as a power of ten, a true minus. */
export function number(value, decimals = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "" : value < 0 ? "−∞" : "∞";
  return sign(value === 0 || Math.abs(value) >= 0.5 * 10 ** -decimals ? value.toFixed(decimals) : power(value, 0));
}
const total = (value) => number(value, 2);
const grouped = (count) => count.toLocaleString("en-US");
export function kib(bytes) {
  if (bytes >= 100 * 1024 ** 2) return `${grouped(Math.round(bytes / 1024 ** 2))} MiB`;
  return `${(bytes / 1024).toLocaleString("en-US", { maximumFractionDigits: 2 })} KiB`;
}

/** A sentence of the file with its braces filled. */
const filled = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** An event in words: what the file says of its statement, with its own numbers. */
function said({ says, i, j, nbytes, r0, r1, c0, c1 }) {
  return filled(says, { i, j, bytes: grouped(nbytes), scores: grouped((r1 - r0) * (c1 - c0)) });
}

/** A tile in words. */
function tileWords({ tensor, i, j, r0, r1, c0, c1, nbytes }, symbols) {
  const index = "KV".includes(tensor) ? j : i;
  const name = `${symbols[tensor] ?? tensor}${index >= 0 ? ` of ${"KV".includes(tensor) ? "key tile" : "row block"} ${index}` : ""}`;
  const columns = ["M", "L", "ALPHA", "LSE"].includes(tensor) ? "" : `, columns ${c0} to ${c1 - 1}`;
  return `${name}: rows ${r0} to ${r1 - 1}${columns}; ${grouped(nbytes)} bytes`;
}

// ------------------------------------------------------------------------------------------------------------ the picture

const smooth = (t) => t * t * (3 - 2 * t);
const rgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

/** Draws a trace's stage on a canvas, by the film's own rectangles. */
class Stage {
  constructor(canvas, trace) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.trace = trace;
    this.pictures = new Map();
    this.bytes = trace.doc.pictures ?? {};
  }

  /** Choose the layout that fits `width` CSS pixels and size the canvas for it. */
  fit(width, skin) {
    const { layout, palette } = this.trace.doc;
    this.shape = width >= 560 ? "wide" : "narrow";
    if (this.skin?.name !== skin) this.pictures.clear();
    [this.layout, this.skin] = [layout[this.shape], palette[skin]];
    const [x0, y0, x1, y1] = this.layout.frame;
    this.unit = width / (x1 - x0);
    const ratio = globalThis.devicePixelRatio || 1, height = this.unit * (y1 - y0);
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.type = Math.max(10.5, 0.2 * this.unit);
  }

  /** A layout rectangle in CSS pixels: x, y, width, height. */
  box([x0, y0, x1, y1]) {
    const [left, , , top] = this.layout.frame;
    return [(x0 - left) * this.unit, (top - y1) * this.unit, (x1 - x0) * this.unit, (y1 - y0) * this.unit];
  }

  hue(tensor) {
    return this.skin.hue[tensor];
  }

  fill(rect, color, opacity = 1) {
    const [x, y, w, h] = this.box(rect);
    this.pen.globalAlpha = opacity;
    this.pen.fillStyle = color;
    this.pen.fillRect(x, y, w, h);
    this.pen.globalAlpha = 1;
  }

  stroke(rect, color, width = 1, dash = []) {
    this.pen.strokeStyle = color;
    this.pen.lineWidth = width;
    this.pen.setLineDash(dash);
    this.pen.strokeRect(...this.box(rect));
    this.pen.setLineDash([]);
  }

  panel(rect, color) {
    this.pen.beginPath();
    this.pen.roundRect(...this.box(rect), 0.1 * this.unit);
    this.pen.fillStyle = color;
    this.pen.fill();
    this.pen.strokeStyle = this.skin.edge;
    this.pen.lineWidth = 1;
    this.pen.stroke();
  }

  text(words, [x, y, w, h], { color = this.skin.ink, align = "left", size = 1, face = SANS, style = "" } = {}) {
    this.pen.font = `${style} ${this.type * size}px ${face}`;
    this.pen.fillStyle = color;
    this.pen.textAlign = align;
    this.pen.textBaseline = "middle";
    this.pen.fillText(words, align === "left" ? x : align === "right" ? x + w : x + w / 2, y + h / 2, Math.max(w, 1) * 1.1);
  }

  /** A matrix's name as the papers write it, with an index. */
  name(tensor, index, rect, align = "center") {
    const suffix = tensor === "K" ? "ᵀ" : "";
    const letter = this.trace.doc.symbols[tensor] ?? tensor;
    const [x, y, w, h] = this.box(rect), size = 1.5;
    const width = (text, scale) => ((this.pen.font = `italic ${this.type * scale}px ${SERIF}`), this.pen.measureText(text).width);
    const whole = width(letter + suffix, size) + (index === "" ? 0 : width(`${index}`, 0.85));
    const left = align === "center" ? x + (w - whole) / 2 : x;
    this.text(letter + suffix, [left, y, w, h], { color: this.hue(tensor), size, face: SERIF, style: "italic" });
    if (index !== "") this.text(`${index}`, [left + width(letter + suffix, size), y + 0.4 * this.type, w, h], { color: this.hue(tensor), size: 0.85, face: SERIF });
  }

  /** Bytes [rows, columns] as a picture from the panel's colour to the tensor's hue, drawn without smoothing. */
  picture(key, tensor, rows, columns, byteAt, rect) {
    let image = this.pictures.get(key);
    if (!image) {
      image = new OffscreenCanvas(columns, rows);
      const pixels = new ImageData(columns, rows), low = rgb(this.skin.panel), high = rgb(this.hue(tensor));
      for (let at = 0; at < rows * columns; at++) {
        const share = byteAt(at) / 255;
        for (let c = 0; c < 3; c++) pixels.data[4 * at + c] = low[c] + (high[c] - low[c]) * share;
        pixels.data[4 * at + 3] = 255;
      }
      image.getContext("2d").putImageData(pixels, 0, 0);
      if (this.pictures.size > 400) this.pictures.clear();
      this.pictures.set(key, image);
    }
    this.pen.imageSmoothingEnabled = false;
    this.pen.drawImage(image, ...this.box(rect));
    this.stroke(rect, this.hue(tensor), 1.5);
  }

  /** The whole stage after k events; `flight` = {event, part 0..1} is a tile on its way. */
  draw(k, { row, lit, flight, hover }) {
    const state = this.trace.stateAt(k), layout = this.layout;
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.panel(layout.hbm, this.skin.panel);
    this.panel(layout.chip, this.skin.chip);
    this.fill(layout.slot, this.skin.edge, 0.55);
    this.#hbm(k, state, lit);
    this.#ledger(k, lit);
    this.#chip(k, state, row);
    this.#lens(k, row);
    if (hover) this.stroke(hover, this.skin.ink, 2.5);
    if (flight) this.#flight(flight);
    return state;
  }

  #hbm(k, state, lit) {
    const { cross, hbm_title } = this.layout, { config } = this.trace;
    const copies = config.batch * config.heads, copy = state.program?.[1] ?? 0;
    const band = cross.band_rows * cross.band_cols > 1 ? `, a cell = ${cross.band_rows} × ${cross.band_cols} tiles` : "";
    this.text(`HBM${copies > 1 ? `, head ${copy} of ${copies}` : ""}${band}`, this.box(hbm_title), { color: this.skin.quiet, size: 1.1, style: "600" });
    for (let row = 0; row < cross.n_rows; row++)
      for (let col = 0; col < cross.n_cols; col++) this.stroke(this.cell(row, col), this.skin.edge, 0.5);
    const held = { ...state.smem, ...state.registers };
    const done = this.trace.written(copy, k);
    for (const tensor of "QKVO")
      cross.strips[tensor].forEach((rect, at) => {
        const inset = this.#seam(rect), here = (tile) => this.shown(tensor, "KV".includes(tensor) ? tile.j : tile.i) === at;
        const used = tensor !== "O" && held[tensor] && here(held[tensor]);
        const share = tensor === "O" ? this.#share(done, at, cross.band_rows, config) : used ? 1 : 0;
        this.fill(inset, this.hue(tensor), tensor === "O" ? 0.92 * share : used ? 0.92 : this.trace.doc.opacity.resting);
        this.stroke(inset, this.hue(tensor), lit === tensor ? 3 : 1);
      });
    for (const tensor of "QKVO") this.name(tensor, "", cross.labels[tensor]);
    if (this.trace.tensors.includes("S")) this.#sheets(k, copy);
    else if (cross.grid[2] - cross.grid[0] > 1.8) this.#never(cross.grid);
    const scores = held.S ?? held.P;
    if (scores && scores.i >= 0 && scores.j >= 0) this.stroke(this.cell(this.shown("Q", scores.i), this.shown("K", scores.j)), this.skin.ink, 2.5);
  }

  #never(grid) {
    const [x, y, w, h] = this.box(grid);
    this.text("scores: never here", [x, y + h - 2 * this.type, w, 2 * this.type], { color: this.skin.quiet, align: "center", size: 0.95 });
  }

  /** Standard attention keeps its scores and weights in HBM: what was stored so far of one head. */
  #sheets(k, copy) {
    const { cross } = this.layout, { columns, config } = this.trace, [x0, , , y1] = cross.grid;
    const [left, bottom, right, top] = this.cell(0, 0), across = (right - left) / (config.block_n * cross.band_cols), down = (top - bottom) / (config.block_m * cross.band_rows);
    for (const [name, opacity] of [["STORE_S", 0.35], ["STORE_P", 0.45]])
      for (const at of this.trace.executed(name, 0, k)) {
        if (columns.pid_bh[at] !== copy) continue;
        const [r0, r1, c0, c1] = ["r0", "r1", "c0", "c1"].map((side) => columns[side][at]);
        this.fill([x0 + c0 * across, y1 - r1 * down, x0 + c1 * across, y1 - r0 * down], this.skin.scores, opacity);
      }
  }

  #share(done, at, band, config) {
    const blocks = Math.ceil(config.seq_q / config.block_m);
    const inBand = Array.from({ length: Math.min(band, blocks - at * band) }, (_, offset) => at * band + offset);
    return inBand.reduce((sum, block) => sum + (done[block] ?? 0), 0) / inBand.length;
  }

  #seam([x0, y0, x1, y1]) {
    const dx = Math.min(0.02, (x1 - x0) * 0.06), dy = Math.min(0.02, (y1 - y0) * 0.06);
    return [x0 + dx, y0 + dy, x1 - dx, y1 - dy];
  }

  /** Shown row or column of a tile: several share one where there are too many. */
  shown(tensor, index) {
    const { cross } = this.layout;
    return Math.floor(index / ("KV".includes(tensor) ? cross.band_cols : cross.band_rows));
  }

  cell(row, col) {
    const { grid, n_rows, n_cols } = this.layout.cross, w = (grid[2] - grid[0]) / n_cols, h = (grid[3] - grid[1]) / n_rows;
    return [grid[0] + col * w, grid[3] - (row + 1) * h, grid[0] + (col + 1) * w, grid[3] - row * h];
  }

  #ledger(k, lit) {
    const [heading, ...rows] = this.layout.ledger, crossed = this.trace.crossed(k), { tensors, length } = this.trace;
    const final = this.trace.crossed(length), most = Math.max(...tensors.map((tensor) => final[tensor]));
    const sum = Object.values(crossed).reduce((all, bytes) => all + bytes, 0);
    const longest = Math.max(...[...Object.values(final), Object.values(final).reduce((a, b) => a + b, 0)].map((bytes) => kib(bytes).length));
    this.text("crossed so far", this.box(heading), { color: this.skin.quiet });
    this.text(kib(sum), this.box(heading), { align: "right", face: MONO, style: "600" });
    tensors.forEach((tensor, at) => {
      const [x, y, w, h] = this.box(rows[at]), color = this.hue(tensor);
      const name = 2.3 * this.type, room = w - name - longest * 0.62 * this.type;
      this.text(tensor, [x, y, w, h], { color, face: MONO, style: lit === tensor ? "bold" : "600" });
      this.text(kib(crossed[tensor] ?? 0), [x, y, w, h], { align: "right", face: MONO });
      this.#squares(crossed[tensor] ?? 0, most, [x + name, y + h * 0.1, room, h * 0.8], color);
    });
  }

  /** One square a tile of bytes, in as many lines as the longest row needs; several tiles a square where there are too many. */
  #squares(bytes, most, [x, y, w, h], color) {
    let unit = this.trace.doc.square;
    while (most / unit > 192) unit *= 2;
    const need = Math.ceil(most / unit), lines = [1, 2, 3, 4, 5, 6].find((n) => Math.floor(w / (h / n)) * n >= need) ?? 6;
    const pitch = Math.min(h / lines, 0.2 * this.unit), perRow = Math.max(1, Math.floor(w / pitch));
    this.pen.fillStyle = color;
    for (let at = 0; at < bytes / unit; at++) {
      const part = Math.min(1, bytes / unit - at), top = y + (h - lines * pitch) / 2 + Math.floor(at / perRow) * pitch;
      this.pen.fillRect(x + (at % perRow) * pitch, top, (pitch / 1.2) * part, pitch / 1.2);
    }
  }

  #chip(k, state, row) {
    const { tiles, chip_title } = this.layout, held = { ...state.smem, ...state.registers };
    this.text("on chip: one SM", this.box(chip_title), { color: this.skin.quiet, size: 1.1, style: "600" });
    this.panel(tiles.registers, this.skin.registers);
    const [x, y, w] = this.box(tiles.note_shared);
    ["shared", "memory"].forEach((word, at) => this.text(word, [x, y + at * 1.3 * this.type, w, 1.3 * this.type], { color: this.skin.quiet }));
    this.text("registers", this.box(tiles.note_registers), { color: this.skin.quiet, align: "center" });
    for (const tensor of CHIP) {
      const shown = tensor === "S" && held.P ? "P" : tensor, tile = held[shown], place = this.place(tensor);
      if (!tile) this.stroke(place, this.hue(tensor), 0.8, [3, 4]);
      else this.#tile(shown, tile, state, place);
      const index = !tile ? "" : "KV".includes(shown) ? tile.j : "QO".includes(shown) && tile.i >= 0 ? tile.i : "";
      this.name(shown, index, tiles[`label_${tensor.toLowerCase()}`], "KV".includes(tensor) ? "left" : "center");
    }
    if (held.S || held.P || held.ACC) this.#rowMark(state, row);
  }

  place(tensor) {
    return this.layout.tiles[tensor.toLowerCase()];
  }

  /** What a tile holds, if the file has it; else its plain colour. */
  #tile(tensor, tile, state, place) {
    const { config } = this.trace, [pid, bh] = state.program, rows = tile.r1 - tile.r0, key = `${tensor} ${bh} ${tile.r0} ${tile.since}`;
    if ("QKV".includes(tensor) && this.bytes[tensor]) {
      const all = this.bytes[tensor], [, length, d] = all.shape, head = tensor === "Q" ? bh : this.#keyHead(bh, config);
      const from = (head * length + tile.r0) * d;
      if (tensor !== "K") return this.picture(key, tensor, rows, d, (at) => all[from + at], place);
      return this.picture(key, tensor, d, rows, (at) => all[from + (at % rows) * d + Math.floor(at / rows)], place);
    }
    const values = this.#values(tensor, tile, state, pid, bh);
    if (values) return this.picture(`${key} ${state.k}`, tensor, values.rows, values.columns, values.at, place);
    this.fill(place, this.hue(tensor), 0.45);
    this.stroke(place, this.hue(tensor), 1.5);
  }

  #keyHead(bh, { heads, kv_heads }) {
    return Math.floor(bh / heads) * kv_heads + Math.floor((bh % heads) / (heads / kv_heads));
  }

  #values(tensor, tile, state, pid, bh) {
    const rows = tile.r1 - tile.r0;
    const column = "ML".includes(tensor) && state[tensor.toLowerCase()];
    if (column) return { rows, columns: 1, at: this.#ramp(column, (at) => at) };
    if ("SP".includes(tensor)) {
      const s = tensor === "S" ? state.s : this.trace.scoresOf(pid, bh, state.t);
      return s && this.#scores(tensor, s, state);
    }
    const acc = this.trace.doc.programs?.[`${pid},${bh}`]?.acc, { name } = this.trace.event(tile.since), rescaled = name === "RESCALE_ACC";
    const added = this.trace.tile(tile.since) - rescaled; // the last tile in it
    if (!/^(PV_DOT|RESCALE_ACC|NORMALIZE)$/.test(name) || !acc || added < 0) return null; // made in a way that is not known
    const [, height, d] = acc.shape, from = added * height * d;
    if (name === "NORMALIZE") {
      const o = this.bytes.O, start = (bh * o.shape[1] + tile.r0) * d;
      return { rows, columns: d, at: (at) => o[start + at] };
    }
    const { low, high } = acc, zero = (255 * -low) / (high - low);
    const alpha = rescaled && this.trace.stat("alpha", bh, added + 1, tile.r0, tile.r1);
    return { rows, columns: d, at: (at) => (alpha ? zero + (acc[from + at] - zero) * alpha[Math.floor(at / d)] : acc[from + at]) };
  }

  /** Numbers as bytes, from the smallest finite one to the largest. */
  #ramp(numbers, index) {
    const finite = numbers.filter(Number.isFinite);
    const low = finite.reduce((a, b) => Math.min(a, b), Infinity), high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
    return (at) => Math.max(0, (255 * (numbers[index(at)] - low)) / (high - low || 1));
  }

  /** Scores on one ramp from the tile's smallest to its largest; weights e^(s - m) from 0 to 1. */
  #scores(tensor, s, state) {
    const [rows, width] = s.shape, columns = width - s.subarray(0, width).filter(Number.isNaN).length;
    const place = (at) => Math.floor(at / columns) * width + (at % columns);
    if (tensor === "P" && state.m) return { rows, columns, at: (at) => 255 * Math.exp(s[place(at)] - state.m[Math.floor(at / columns)]) };
    return { rows, columns, at: this.#ramp(s, place) };
  }

  #rowMark(state, row) {
    const [first] = this.trace.span(state.k - 1), [r0, r1] = this.trace.rows(first);
    if (!row || state.program[1] !== row.bh || row.row < r0 || row.row >= r1) return;
    const [x, y, , h] = this.box(this.layout.tiles.s), at = y + (h * (row.row - r0 + 0.5)) / (r1 - r0), size = 0.09 * this.unit;
    this.pen.beginPath();
    this.pen.moveTo(x - 1, at);
    this.pen.lineTo(x - 1 - size, at - 0.7 * size);
    this.pen.lineTo(x - 1 - size, at + 0.7 * size);
    this.pen.fillStyle = this.skin.ink;
    this.pen.fill();
  }

  /** The followed row: its terms e^(s-m) under a ceiling of 1, the past as one block of area l, its numbers. */
  #lens(k, followed) {
    const { lens } = this.layout, { skin } = this;
    this.panel(lens.rect, skin.chip);
    const at = followed && this.trace.rowAt(k, followed.bh, followed.row);
    const title = followed ? `row ${followed.row}` : "row";
    if (!at) return this.text(this.trace.doc.words.absent, this.box(lens.title), { color: skin.quiet });
    const tile = at.t < 0 ? (at.begun ? "" : ", not begun") : at.ended ? ", done" : `, tile ${this.trace.history(followed.bh, followed.row)[at.t].j}`;
    this.text(`${title}${tile}`, this.box(lens.title), { color: skin.quiet });
    if (at.t < 0) return;
    const measured = at.done("SOFTMAX_M"), summed = at.done("SOFTMAX_L");
    this.#ceiling(lens, at, measured, summed);
    this.#numbers(lens, at, measured, summed);
  }

  #ceiling(lens, at, measured, summed) {
    const [x, y, w, h] = this.box(lens.chart), { skin, pen } = this, keys = this.trace.config.block_n;
    const most = this.mostL(), ceiling = h / 2.2, key = w / (keys + most + Math.max(2, 0.06 * keys)), ground = y + h;
    const reference = measured ? at.mNew : at.mOld;
    const terms = at.s && reference > -Infinity ? Array.from(at.s, (score) => Math.exp(score - reference)) : [];
    const past = summed ? at.lNew : at.lOld;
    const added = terms.reduce((all, term) => all + term, 0);
    const kept = !measured || summed || !at.lOld ? 1 : at.s ? Math.max(0, (at.lNew - added) / at.lOld) : at.alpha; // what the trace did to the past
    pen.fillStyle = skin.stats;
    if (past > 0) pen.fillRect(x, ground - ceiling * kept, past * key, ceiling * kept);
    if (measured && !summed && kept < 0.999) {
      pen.setLineDash([4, 3]);
      pen.strokeStyle = skin.stats;
      pen.strokeRect(x, ground - ceiling, past * key, ceiling);
      pen.setLineDash([]);
    }
    if (!at.ended)
      terms.forEach((term, column) => {
        const tall = Math.min(term * ceiling, h);
        pen.globalAlpha = summed ? 0.35 : 1;
        pen.fillStyle = term > 1.0001 ? skin.warn : skin.ink;
        pen.fillRect(x + w - (terms.length - column - 0.08) * key, ground - tall, Math.max(key * 0.84, 0.6), tall);
      });
    pen.globalAlpha = 1;
    pen.strokeStyle = skin.ink;
    pen.setLineDash([5, 4]);
    pen.strokeRect(x, ground - ceiling, w, 0);
    pen.setLineDash([]);
    pen.strokeStyle = skin.edge;
    pen.strokeRect(x, ground, w, 0);
    this.text("1", [x - 1.2 * this.type, ground - ceiling - this.type, this.type, 2 * this.type], { align: "center" });
    const [nx, ny, nw, nh] = this.box(lens.axis_note);
    if (past > 0) this.text("area of the past = ℓ", [nx, ny, nw, nh], { color: skin.stats });
    if (terms.length && !at.ended) this.text("this tile’s e^(s − m)", [nx, ny, nw, nh], { color: skin.quiet, align: "right" });
    if (!at.s) this.text(this.trace.doc.words.unkept, [nx, ny, nw, nh], { color: skin.quiet, align: "right" });
  }

  /** Largest l of any row: what the chart must have room for. */
  mostL() {
    return (this.most ??= this.trace.stats.l.reduce((most, l) => (l > most ? l : most), 1));
  }

  #numbers(lens, at, measured, summed) {
    const { skin } = this, { broken } = this.trace;
    const put = (rect, symbol, words) => {
      const [x, y, w, h] = this.box(rect);
      this.text(symbol, [x, y, w, h], { color: skin.stats, size: 1.6, face: SERIF, style: "italic" });
      this.text(words, [x + 2 * this.type, y, w, h], { face: MONO, size: 1.25 });
    };
    const rises = measured && at.t > 0 && at.alpha < 1;
    const m = measured ? at.mNew : at.mOld, l = summed ? at.lNew : at.lOld;
    if (at.t > 0 || measured) put(lens.m, "m", rises && !at.ended ? `${number(at.mOld)} → ${number(m)}` : number(m));
    if (at.done("ALPHA") && !at.ended && at.t > 0) {
      const [x, y, w, h] = this.box(lens.alpha), words = `α = ${number(at.alpha)}${broken && at.alpha < 1 ? " not applied" : ""}`;
      this.pen.font = `600 ${1.25 * this.type}px ${MONO}`;
      const wide = Math.min(w, this.pen.measureText(words).width + this.type);
      this.pen.fillStyle = broken && at.alpha < 1 ? skin.warn : skin.ink;
      this.pen.beginPath();
      this.pen.roundRect(x, y + h * 0.08, wide, h * 0.84, h * 0.3);
      this.pen.fill();
      this.text(words, [x + 0.5 * this.type, y, wide - this.type, h], { color: skin.ground, face: MONO, size: 1.25, style: "600" });
    }
    if (l > 0) put(lens.l, "ℓ", total(l));
    if (summed && at.t > 0 && !at.ended) {
      const alpha = broken ? 1 : at.alpha, old = total(at.lOld), joined = total(at.lNew - Math.fround(at.lOld * alpha)), whole = total(at.lNew);
      const checks = (old * number(alpha) + +joined).toFixed(2) === whole; // whether the digits do, by hand
      this.text(`${old}${broken ? "" : ` × ${number(alpha)}`} + ${joined} ${checks ? "=" : "≈"} ${whole}`, this.box(lens.sum), { face: MONO, color: skin.quiet });
    }
  }

  /** A tile between HBM and the chip: always of the size it has in HBM, through the slot. */
  #flight({ event, part }) {
    const { cross, slot } = this.layout, { tensor, writes } = event, strip = { LSE: "O", L: "O", M: "O" }[tensor] ?? tensor;
    const place = this.place({ O: "ACC", P: "S", LSE: "M" }[tensor] ?? tensor);
    const index = this.shown(strip, "KV".includes(strip) ? event.j : event.i);
    const home = "SP".includes(tensor) ? this.cell(this.shown("Q", event.i), this.shown("K", Math.max(event.j, 0))) : cross.strips[strip][index];
    if (!home) return;
    const center = ([x0, y0, x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
    const [sx, sy] = center(slot);
    const doors = this.shape === "wide" ? [[slot[0], sy], [slot[2], sy]] : [[sx, slot[3]], [sx, slot[1]]];
    const way = [center(home), ...doors, center(place)];
    if (writes) way.reverse();
    const lengths = way.slice(1).map((to, at) => Math.hypot(to[0] - way[at][0], to[1] - way[at][1]));
    let rest = smooth(part) * lengths.reduce((a, b) => a + b, 0), leg = 0;
    while (leg < lengths.length - 1 && rest > lengths[leg]) rest -= lengths[leg++];
    const share = lengths[leg] ? rest / lengths[leg] : 1;
    const [x, y] = [0, 1].map((axis) => way[leg][axis] + (way[leg + 1][axis] - way[leg][axis]) * share);
    const [w, h] = [home[2] - home[0], ["LSE", "L", "M"].includes(tensor) ? 0.06 : home[3] - home[1]];
    const rect = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
    this.fill(rect, this.hue(tensor), 0.92);
    this.stroke(rect, this.skin.ink, 1);
  }
}

// ------------------------------------------------------------------------------------------------------------ the element

const STYLE = `
:host { display: block; container-type: inline-size; font: 16px/1.45 ${SANS}; }
:host([hidden]), [hidden] { display: none !important; }
section { background: var(--ground); color: var(--ink); padding: 12px; border-radius: 8px; }
.broken { background: var(--warn); color: var(--ground); }
h2 { font-size: 1em; margin: 0 0 8px; } .badge { background: var(--registers); padding: 2px 10px; border-radius: 99px; font-weight: 600; }
.stage { position: relative; margin: 0 auto; } canvas { display: block; max-width: 100%; }
.stage button { position: absolute; min-height: 0; min-width: 0; padding: 0; border: 0; background: none; }
.say { min-height: 1.45em; margin: 4px 0; font-size: 1.1em; } .detail { min-height: 1.45em; margin: 4px 0; color: var(--quiet); }
.bar { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 8px 0; }
button, select, input[type=number] { font: inherit; color: inherit; background: var(--chip); border: 1px solid var(--edge); border-radius: 6px; padding: 4px 12px; min-height: 36px; min-width: 40px; }
button:disabled { opacity: .5; } button[aria-pressed=true] { outline: 2px solid var(--ink); }
:focus-visible { outline: 3px solid var(--k) !important; outline-offset: 1px; } input[type=number] { width: 6em; } label { display: inline-flex; gap: 6px; align-items: center; }
input[type=range] { width: 100%; margin: 0; accent-color: var(--q); } fieldset { scroll-margin-bottom: 14em; border: 2px solid var(--warn); border-radius: 8px; margin: 8px 0; }
.deck { position: sticky; bottom: 0; z-index: 1; background: var(--ground); padding-top: 4px; } .deck .bar { margin: 4px 0; }
@container (max-width: 480px) { button { padding: 4px 8px; } .say { min-height: 2.9em; font-size: 1em; } .bar { gap: 4px; } }
.whole { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); } @container (min-width: 900px) { .whole { grid-template-columns: minmax(560px, 3fr) minmax(0, 2fr); } }
pre { margin: 0; max-height: 20em; overflow: auto; background: var(--panel); border: 1px solid var(--edge); border-radius: 6px; font: 13px/1.5 ${MONO}; position: relative; }
pre span { display: block; padding: 0 8px; white-space: pre; } pre [aria-current] { background: var(--registers); box-shadow: inset 4px 0 var(--stats); }
.bill div { height: 10px; background: var(--q); margin: 0 0 6px; } h3 { font-size: 1em; margin: 8px 0; } .controls label { white-space: nowrap; } a { color: var(--q); } dd { margin: 0 0 4px 1em; overflow-wrap: anywhere; }
`;

const FRAME = `
<section tabindex="-1">
  <h2></h2> <p class="badge" role="note" hidden></p> <p class="failed" role="alert" hidden></p>
  <div class="whole" hidden>
    <div>
      <div class="stage" role="group" aria-label="Stage: arrow keys go from tile to tile"><canvas aria-hidden="true"></canvas></div>
      <p class="detail"></p>
      <fieldset class="ask" hidden><legend>Before it goes on</legend><p class="question"></p><div class="bar answers"></div><p class="verdict" role="status"></p></fieldset>
      <div class="deck">
        <p class="say" aria-live="polite"></p>
        <input type="range" class="scrub" min="0" step="1" aria-label="Step"><canvas class="marks" aria-hidden="true"></canvas>
        <div class="bar"><button data-do="play">Play</button> <button data-do="back" aria-label="Step back">◀</button>
        <button data-do="forth" aria-label="Step forward">▶</button>
          <button data-do="rise">Next rise of this row</button> <button data-do="rescale">Next rescale</button> <button data-do="store">Next store</button></div>
      </div>
      <div class="bar">
        <label>Steps a second <select class="speed"><option>1</option><option selected>2</option><option>8</option><option>40</option></select></label>
        <label><input type="checkbox" class="predict"> Ask before each rise</label> <a class="here" href="#step=0">Link to this step</a>
      </div>
      <div class="bar controls"></div>
    </div>
    <div>
      <div class="follow">
        <h3>Followed row</h3>
        <div class="bar"><label>Row <input type="number" class="row" min="0"></label> <label class="copies">Head <input type="number" class="copy" min="0"></label></div>
        <canvas class="history" role="img"></canvas> <p class="error"></p>
      </div>
      <h3 class="source"></h3><pre tabindex="0" role="region" aria-label="Kernel source"></pre><h3>The bill of the whole trace</h3><div class="bill"></div>
      <details><summary>Keys, and where this comes from</summary><p class="keys"></p><dl></dl></details>
    </div>
  </div>
</section>`;

const made = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

class FlashTracePlayer extends HTMLElement {
  static observedAttributes = ["src", "theme"];
  k = 0;
  #row = null;
  #lit = null;
  #flying = null;
  #hover = null;
  #answered = new Set();
  #playing = false;
  #due = 0;
  #traces = new Map();
  #wanted = null;
  #here;
  #spotList = [];

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" }).innerHTML = `<style>${STYLE}</style>${FRAME}`;
      this.#listen();
      this.#offer();
    }
    const { signal } = (this.#here = new AbortController());
    addEventListener("hashchange", () => this.trace && this.#linked() !== null && this.go(this.#linked()), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#resize(), { signal });
    this.#sizes.observe(this);
    this.load(this.#own());
  }

  disconnectedCallback() {
    this.#here.abort();
    this.#sizes.disconnect();
    this.#playing = false;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.shadowRoot || before === after) return;
    if (name === "src") this.load(this.#own());
    else this.#resize();
  }

  get src() {
    return this.getAttribute("src");
  }

  set src(url) {
    this.setAttribute("src", url);
  }

  get document() {
    return this.trace?.doc;
  }

  stateAt(k) {
    return this.trace.stateAt(k);
  }

  #$(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  /** The trace named by src, or the first inline one. */
  #own() {
    return this.src ?? this.querySelector('script[type="application/json"]');
  }

  /** Show a trace: a URL, or a script element that holds it. The moment stays. */
  async load(source) {
    this.#wanted = source;
    try {
      const read = async () => Recording.open(typeof source === "string" ? await this.#fetched(source) : JSON.parse(source?.textContent ?? "null"));
      const trace = this.#traces.get(source) ?? (await read());
      this.#traces.set(source, trace);
      if (this.#wanted !== source) return; // another one was asked for in the meantime
      const k = this.trace ? trace.moment(this.trace, this.k) : this.#linked() ?? trace.opening;
      Object.assign(this, { trace, k });
      this.stage = new Stage(this.#$("canvas"), trace);
      this.#row = this.#rowFor(trace.doc.follow);
      this.#answered.clear();
      this.#build();
      this.go(k);
      this.dispatchEvent(new CustomEvent("load", { detail: trace.doc }));
    } catch (error) {
      Object.assign(this.#$(".failed"), { hidden: false, textContent: `The trace cannot be shown: ${error.message}` });
      this.#$(".whole").hidden = true;
    }
  }

  async #fetched(url) {
    const answer = await fetch(new URL(url, document.baseURI)).catch(() => {
      throw new Error(`expected a trace at ${url}, got no answer; from a file, use the page that flashviz player --out makes`);
    });
    if (!answer.ok) throw new Error(`expected a trace at ${url}, got ${answer.status}; name a file that flashviz export --player wrote`);
    return answer.json();
  }

  #rowFor(follow) {
    const { config } = this.trace, kept = this.#row ?? { bh: follow?.pid_bh ?? 0, row: follow?.row ?? 0 };
    const inFile = follow && !this.#row ? { bh: follow.pid_bh, row: follow.pid_m * config.block_m + follow.row } : kept;
    return { bh: Math.min(inFile.bh, config.batch * config.heads - 1), row: Math.min(inFile.row, config.seq_q - 1) };
  }

  /** The step of an address that ends in #step=12, or #ID.step=12 for an element with an id. */
  #linked() {
    const found = new RegExp(`^#(?:${this.id ? `${CSS.escape(this.id)}\\.` : ""})step=(\\d+)$`).exec(location.hash);
    return found && Number(found[1]);
  }

  // ---------------------------------------------------------------------------------------------------------- building

  #build() {
    const { config, header, length } = this.trace;
    const shape = `N = ${config.seq_q}${config.seq_k === config.seq_q ? "" : ` × ${config.seq_k}`}, d = ${config.head_dim}, tiles ${config.block_m} × ${config.block_n}`;
    const words = `${this.document.title}: ${shape}${config.heads > 1 ? `, ${config.heads} / ${config.kv_heads} heads` : ""}${config.causal ? ", causal" : ""}`;
    this.#$("h2").textContent = words;
    this.#$("section").setAttribute("aria-label", `${words}, step by step`);
    Object.assign(this.#$(".badge"), { hidden: !header.altered, textContent: header.altered ?? "", className: `badge ${this.trace.broken ? "broken" : ""}` });
    this.#$(".failed").hidden = true;
    this.#$(".whole").hidden = false;
    this.#$(".scrub").max = length;
    this.#$(".keys").textContent = this.document.words.keys;
    this.#$(".source").textContent = `Kernel: ${header.kernel_file}, ${header.source}`;
    this.#$("pre").replaceChildren(...header.kernel_source.split(/\n/).map((line, at) => made("span", { textContent: line || " ", id: `line${at + header.kernel_first_line}` })));
    this.#$(".row").max = config.seq_q - 1;
    this.#$(".copy").max = config.batch * config.heads - 1;
    this.#$(".copies").hidden = config.batch * config.heads === 1;
    for (const part of [".follow", "[data-do=rise]"]) this.#$(part).hidden = !this.trace.stats;
    this.#$(".predict").disabled = !this.trace.stats;
    const facts = { "Trace": this.document.hash, "Recorded by": header.source, "Inputs": `${header.inputs_recipe}`, "Kernel": `${header.kernel_file} ${header.kernel_hash}` };
    for (const [part, version] of Object.entries(header.versions)) facts[part] = version;
    this.#$("dl").replaceChildren(...Object.entries(facts).flatMap((fact) => fact.map((textContent, at) => made(at ? "dd" : "dt", { textContent }))));
    this.#bill();
    this.#resize();
  }

  #bill() {
    const { bill, words } = this.document, most = Math.max(...Object.values(bill));
    const lines = Object.entries(bill).flatMap(([name, bytes]) => [`${words[name]}: `, made("b", { textContent: kib(bytes) }), made("div", { style: `width:${(100 * bytes) / most}%` })]);
    this.#$(".bill").replaceChildren(...lines, "baseline" in bill ? words[bill.trace > bill.baseline_once ? "more" : "fewer"] : "");
  }

  /** Controls for the other traces given as children: a slider where all values are numbers, else a list. */
  #offer() {
    const groups = Map.groupBy([...this.querySelectorAll("[data-control]")], (child) => child.dataset.control);
    for (const [control, children] of groups) {
      const label = made("label"), numeric = children.every(({ dataset: { value } }) => value !== "" && !Number.isNaN(Number(value)));
      if (numeric) children.sort((a, b) => a.dataset.value - b.dataset.value);
      const sources = children.map((child) => child.getAttribute("href") ?? child), values = children.map((child) => child.dataset.value);
      const input = made(numeric ? "input" : "select"), shown = made("output");
      label.append(`${control} `, input, shown);
      if (numeric) {
        const own = Math.max(sources.indexOf(this.#own()), 0);
        Object.assign(input, { type: "range", min: 0, max: values.length - 1, value: own });
        const say = () => ((shown.value = values[input.value]), input.setAttribute("aria-valuetext", values[input.value]));
        input.addEventListener("input", () => (say(), this.load(sources[input.value])));
        say();
      } else {
        input.append(new Option("as recorded", ""), ...values.map((value, at) => new Option(value, at)));
        input.addEventListener("change", () => this.load(input.value === "" ? this.#own() : sources[input.value]));
      }
      input.addEventListener("input", () => this.#resetOthers(input));
      this.#$(".controls").append(label);
    }
  }

  /** One change at a time: the other controls return to the trace as recorded. */
  #resetOthers(input) {
    for (const other of this.#$(".controls").querySelectorAll("select")) if (other !== input) other.value = "";
  }

  #listen() {
    const root = this.shadowRoot;
    root.addEventListener("click", (event) => {
      const action = event.target.dataset?.do;
      if (action) this[`do_${action}`]();
    });
    this.#$(".scrub").addEventListener("input", (event) => this.go(Number(event.target.value)));
    for (const part of [".row", ".copy"])
      this.#$(part).addEventListener("change", () => this.follow(Number(this.#$(".row").value), Number(this.#$(".copy").value)));
    this.#$(".predict").addEventListener("change", () => this.#answered.clear());
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  #sizes = new ResizeObserver(() => this.#resize());

  get #skin() {
    const named = this.getAttribute("theme");
    return named === "dark" || named === "light" ? named : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  #resize() {
    if (!this.trace || !this.clientWidth) return;
    const room = this.#$(".stage").parentElement.clientWidth, width = Math.min(room, room < 560 ? 480 : 800), hue = this.document.palette[this.#skin];
    this.#$(".stage").style.width = `${width}px`;
    this.stage.fit(width, this.#skin);
    for (const [name, color] of Object.entries(hue)) if (typeof color === "string") this.style.setProperty(`--${name}`, color);
    this.style.colorScheme = this.#skin;
    this.#spots();
    this.#draw();
  }

  // ---------------------------------------------------------------------------------------------------------- tiles under the pointer

  /** Buttons over tiles and bill: one stop for the tab key, arrow keys within. */
  #spots() {
    const { cross, tiles, ledger } = this.stage.layout, spots = [];
    for (const tensor of "QKVO") cross.strips[tensor].forEach((rect, at) => spots.push({ rect, words: () => this.#stripWords(tensor, at) }));
    for (const tensor of CHIP) spots.push({ rect: tiles[tensor.toLowerCase()], words: () => this.#chipWords(tensor) });
    this.trace.tensors.forEach((tensor, at) => spots.push({ rect: ledger[at + 1], tensor, words: () => this.#billWords(tensor) }));
    const had = this.shadowRoot.activeElement?.parentElement === this.#$(".stage") ? this.#spotList.findIndex(({ button }) => button === this.shadowRoot.activeElement) : -1;
    this.#spotList.forEach(({ button }) => button.remove());
    this.#spotList = spots.map((spot, at) => {
      const button = made("button", { tabIndex: at === 0 ? 0 : -1 }), [x, y, w, h] = this.stage.box(spot.rect);
      Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
      const show = (on) => ((this.#hover = on ? spot.rect : null), (this.#$(".detail").textContent = on ? spot.words() : ""), this.#draw());
      for (const [name, on] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) button.addEventListener(name, () => show(on));
      button.addEventListener("click", () => (spot.tensor && this.light(spot.tensor), show(true)));
      this.#$(".stage").append(button);
      return { ...spot, button };
    });
    if (had > -1) this.#spotList[had].button.focus();
  }

  #held() {
    const state = this.trace.stateAt(this.k);
    return { ...state.smem, ...state.registers };
  }

  #chipWords(place) {
    const held = this.#held(), tile = held[place] ?? (place === "S" ? held.P : undefined);
    return tile ? `On chip: ${tileWords(tile, this.document.symbols)}, since step ${tile.since + 1}` : `On chip: no ${this.document.symbols[place] ?? place} now`;
  }

  #stripWords(tensor, at) {
    const { config } = this.trace, { cross } = this.stage.layout, key = "KV".includes(tensor);
    const [block, band, all] = key ? [config.block_n, cross.band_cols, config.seq_k] : [config.block_m, cross.band_rows, config.seq_q];
    const [r0, r1] = [at * band * block, Math.min((at + 1) * band * block, all)];
    const copy = this.trace.stateAt(this.k).program?.[1] ?? 0, share = this.trace.written(copy, this.k)[at * band] ?? 0;
    const there = tensor !== "O" ? "" : share === 1 ? ", stored" : ", not stored yet";
    return `HBM: ${tensor} ${key ? "key tile" : "row block"} ${at * band}${band > 1 ? ` to ${at * band + band - 1}` : ""}: rows ${r0} to ${r1 - 1}${there}`;
  }

  #billWords(tensor) {
    const { read, written } = this.trace.traffic(this.k), bytes = (count) => `${grouped(count ?? 0)} bytes`;
    return `${tensor}: ${bytes(read[tensor])} read, ${bytes(written[tensor])} written. Press to light its transfers.`;
  }

  // ---------------------------------------------------------------------------------------------------------- going

  /** Show the state after k steps. */
  go(k) {
    const { length } = this.trace;
    this.k = Math.min(Math.max(Math.round(k) || 0, 0), length);
    this.#flying = null;
    this.#$(".ask").hidden = true;
    const event = this.k ? this.trace.event(this.k - 1) : null;
    const where = !event ? "" : event.i >= 0 ? `row block ${event.i}${event.j >= 0 ? `, key tile ${event.j}` : ""}` : event.j >= 0 ? `key tile ${event.j}` : "";
    const say = event ? `Step ${this.k} of ${length}${where && `, ${where}`}: ${said(event)}.` : filled(this.document.words.before, { length });
    this.#$(".say").textContent = `${say}${this.#rising(event)}`;
    this.#$(".detail").textContent = "";
    this.#$(".scrub").value = this.k;
    this.#$(".scrub").setAttribute("aria-valuetext", say);
    this.#$(".here").href = `#${this.id ? `${this.id}.` : ""}step=${this.k}`;
    this.#line(event);
    this.#draw();
    this.dispatchEvent(new CustomEvent("step", { detail: { k: this.k, state: this.trace.stateAt(this.k) } }));
  }

  /** What a new max means for the followed row. */
  #rising(event) {
    const rise = event && this.#rises.find(({ at }) => at === event.at);
    return rise ? ` Row ${this.#row.row} rises to ${number(rise.m)}.` : "";
  }

  #line(event) {
    const pre = this.#$("pre"), now = event && pre.querySelector(`#line${event.line}`);
    pre.querySelector("[aria-current]")?.removeAttribute("aria-current");
    if (!now) return;
    now.setAttribute("aria-current", "true");
    if (now.offsetTop < pre.scrollTop || now.offsetTop + now.offsetHeight > pre.scrollTop + pre.clientHeight) pre.scrollTop = now.offsetTop - pre.clientHeight / 3;
  }

  #draw() {
    const { stage } = this;
    stage.draw(this.k, { row: this.#row, lit: this.#lit, flight: this.#flying, hover: this.#hover });
    for (const { button, words, tensor } of this.#spotList) {
      button.setAttribute("aria-label", words());
      if (tensor) button.setAttribute("aria-pressed", this.#lit === tensor);
    }
    this.#marks();
    this.#history();
    const copies = this.trace.config.seq_q, { bh, row } = this.#row;
    this.#$(".row").value = row;
    this.#$(".copy").value = bh;
    const error = this.trace.errors?.[bh * copies + row];
    this.#$(".error").textContent = error === undefined ? "" : filled(this.document.words.error, { row, error: sign(power(error, 1)) });
    this.#$("[data-do=rise]").disabled = !this.#nextRise();
  }

  /** A canvas of a CSS height, as wide as its room, and its pen. */
  #sheet(selector, height) {
    const canvas = this.#$(selector), width = canvas.parentElement.clientWidth, ratio = globalThis.devicePixelRatio || 1;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    return [pen, width];
  }

  /** Beneath the slider: programs as alternating ground, rises of the followed row, transfers of the lit tensor. */
  #marks() {
    const [pen, width] = this.#sheet(".marks", 14), { trace, stage } = this, at = (event) => 8 + ((width - 16) * event) / trace.length;
    trace.bounds.forEach((first, index) => {
      if (index % 2 || index + 1 >= trace.bounds.length) return;
      pen.fillStyle = stage.skin.registers;
      pen.fillRect(at(first), 0, at(trace.bounds[index + 1]) - at(first), 14);
    });
    if (this.#lit) for (const event of trace.transfersOf(this.#lit)) (pen.fillStyle = stage.hue(this.#lit)), pen.fillRect(at(event), 0, 1.5, 14);
    for (const { at: event } of this.#rises) (pen.fillStyle = stage.skin.warn), pen.fillRect(at(event) - 1.5, 3, 4, 8);
    pen.fillStyle = stage.skin.ink;
    pen.fillRect(at(this.k) - 1, 0, 2, 14);
  }

  /** The followed row over its key tiles: its ceiling m, and its acc or O beneath. */
  #history() {
    const { trace, stage } = this, { bh, row } = this.#row, tiles = trace.history(bh, row);
    if (!trace.stats) return;
    const [pen, width] = this.#sheet(".history", 170), { skin } = stage, finite = tiles.filter(({ m }) => Number.isFinite(m));
    const low = Math.min(...finite.map(({ m }) => m)), high = Math.max(...finite.map(({ m }) => m));
    const x = (t) => 40 + ((width - 48) * t) / Math.max(tiles.length, 1), y = (m) => 100 - (70 * (m - low)) / (high - low || 1);
    pen.font = `13px ${SANS}`;
    for (const { t, m, rise, at } of finite) {
      pen.globalAlpha = at < this.k ? 1 : 0.3;
      pen.fillStyle = rise ? skin.warn : skin.stats;
      pen.fillRect(x(t), y(m) - 1.5, x(t + 1) - x(t), 3);
      if (rise) pen.fillRect(x(t) - 1, y(m), 2, y(finite[finite.findIndex((one) => one.t === t) - 1]?.m ?? m) - y(m));
      pen.fillText(rise ? number(m) : "", x(t), y(m) - 6);
    }
    pen.globalAlpha = 1;
    pen.fillStyle = skin.quiet;
    pen.fillText("m", 4, 60);
    pen.fillText("its ceiling, tile by tile", 40, 122);
    this.#rowStrips(pen, width);
    const rises = tiles.filter(({ rise }) => rise).map(({ j, m, alpha }) => `at key tile ${j} to ${number(m)}, alpha ${number(alpha)}`);
    this.#$(".history").setAttribute("aria-label", `Row ${row}: its max rises ${rises.length ? rises.join("; ") : "at no later tile"}.`);
  }

  /** O of the row as recorded, and as it should be where the trace is wrong on purpose. */
  #rowStrips(pen, width) {
    const { bytes, skin } = this.stage, { bh, row } = this.#row, strips = [["O", bytes.O], ["right O", bytes.right]];
    strips.forEach(([words, all], line) => {
      if (!all) return;
      const [, length, d] = all.shape, from = (bh * length + row) * d, low = rgb(skin.panel), high = rgb(skin.o), top = 130 + 20 * line;
      for (let c = 0; c < d; c++) {
        pen.fillStyle = `rgb(${low.map((value, at) => value + ((high[at] - value) * all[from + c]) / 255)})`;
        pen.fillRect(60 + ((width - 68) * c) / d, top, (width - 68) / d + 0.5, 15);
      }
      pen.fillStyle = skin.quiet;
      pen.fillText(words, 4, top + 12);
    });
  }

  follow(row, copy = this.#row.bh) {
    this.#row = this.#rowFor(null, (this.#row = { bh: Math.max(copy || 0, 0), row: Math.max(row || 0, 0) }));
    this.#draw();
  }

  light(tensor) {
    this.#lit = this.#lit === tensor ? null : tensor;
    this.#draw();
  }

  /** Rises of the followed row. */
  get #rises() {
    return this.trace.history(this.#row.bh, this.#row.row).filter(({ rise }) => rise);
  }

  #nextRise() {
    return this.#rises.find(({ at }) => at >= this.k);
  }

  do_play() {
    if (!this.#playing && this.k === this.trace.length) this.go(0);
    this.#playing = !this.#playing;
    this.#$("[data-do=play]").textContent = this.#playing ? "Pause" : "Play";
    this.#$(".say").setAttribute("aria-live", this.#playing ? "off" : "polite");
    this.#due = performance.now();
    if (this.#playing) requestAnimationFrame((now) => this.#tick(now));
  }

  #stop() {
    if (this.#playing) this.do_play();
  }

  #tick(now) {
    if (!this.#playing) return;
    const every = 1000 / Number(this.#$(".speed").value);
    if (!this.#flying) for (; this.#playing && !this.#flying && now >= this.#due; this.#due += every) this.#forth(every);
    if (this.#playing) requestAnimationFrame((later) => this.#tick(later));
  }

  /** One step on, with the tile on its way where there is time for it; stops to ask before a rise. */
  #forth(every) {
    if (this.k >= this.trace.length || this.#ask()) return this.#stop();
    const event = this.trace.event(this.k), calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!(event.reads || event.writes) || calm || every < 300) return this.go(this.k + 1);
    this.#fly(event, Math.min(every * 0.9, 700));
  }

  #fly(event, lasts) {
    const begun = performance.now(), flying = (this.#flying = { event, part: 0 });
    const frame = (now) => {
      if (this.#flying !== flying) return;
      flying.part = Math.min(1, (now - begun) / lasts);
      if (flying.part >= 1) return this.go(this.k + 1);
      this.stage.draw(this.k, { row: this.#row, lit: this.#lit, flight: flying, hover: this.#hover });
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  do_forth() {
    this.#stop();
    if (this.#flying) this.go(this.k + 1);
    else this.#forth(600);
  }

  do_back() {
    this.#stop();
    this.go(this.k - 1);
  }

  do_rescale() {
    this.#jump((event) => event.name === "RESCALE_ACC" && this.trace.changes(event.at));
  }

  do_store() {
    this.#jump((event) => event.writes);
  }

  do_rise() {
    this.#stop();
    const rise = this.#nextRise();
    if (rise) this.#reach(rise.at + 1);
  }

  #jump(test) {
    this.#stop();
    const k = this.trace.next(this.k, test);
    if (k === null) this.#$(".detail").textContent = this.document.words.none;
    else this.#reach(k);
  }

  /** Go on to step k, or to the first question before it. */
  #reach(k) {
    const rise = this.#$(".predict").checked && this.#rises.find(({ at }) => at >= this.k && at < k && !this.#answered.has(at));
    this.go(rise ? rise.at : k);
    if (rise) this.#ask();
  }

  // ---------------------------------------------------------------------------------------------------------- predict, then reveal

  /** Whether the next event is a rise of the followed row that was not answered yet; if so, put the question. */
  #ask() {
    if (!this.#$(".predict").checked) return false;
    const { bh, row } = this.#row, rise = this.#rises.find(({ at }) => at === this.k);
    if (!rise || this.#answered.has(rise.at)) return false;
    const now = this.trace.rowAt(rise.at, bh, row), [old, l] = [number(now.mOld), total(now.lOld)];
    this.#$(".question").textContent = filled(this.document.words.question, { row, j: rise.j, m: number(rise.m), old, l });
    const choices = { stay: `It stays ${l}`, shrink: `It shrinks: × e^(${old} − ${number(rise.m)})`, grow: `It grows: × e^(${number(rise.m)} − ${old})`, zero: "It starts again at 0" };
    this.#$(".answers").replaceChildren(...Object.entries(choices).map(([choice, words]) => {
      const button = made("button", { textContent: words });
      button.addEventListener("click", () => this.#reveal(choice, rise));
      return button;
    }));
    this.#$(".verdict").textContent = "";
    this.#$(".ask").hidden = false;
    this.#$(".answers button").focus({ preventScroll: true });
    this.#$(".ask").scrollIntoView({ block: "nearest" });
    return true;
  }

  #reveal(choice, rise) {
    this.#answered.add(rise.at);
    const { bh, row } = this.#row, summed = this.trace.next(rise.at, ({ name }) => name === "SOFTMAX_L"), now = this.trace.rowAt(summed, bh, row);
    const values = { l: total(now.lOld), alpha: number(now.alpha), joined: total(now.lNew - Math.fround(now.lOld * now.alpha)), sum: total(now.lNew) };
    const { words } = this.document, right = filled(this.trace.broken ? words.wrong : words.right, values);
    this.#$(".verdict").textContent = choice === "shrink" ? `Right. ${right}` : `${words[choice]} ${right}`;
    const on = made("button", { textContent: "Go on" });
    on.addEventListener("click", () => ((this.#$(".ask").hidden = true), this.#$("[data-do=forth]").focus()));
    this.#$(".answers").replaceChildren(on);
    this.go(summed);
    this.#$(".ask").hidden = false;
    on.focus({ preventScroll: true });
    this.#$(".ask").scrollIntoView({ block: "nearest" });
  }

  // ---------------------------------------------------------------------------------------------------------- keys

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.trace) return;
    const target = event.composedPath()[0], spot = this.#spotList.findIndex(({ button }) => button === target);
    if (spot > -1 && event.key.startsWith("Arrow")) this.#toward(spot, event.key);
    else if (target.matches("select, input:not([type=checkbox])") || (target.tagName === "PRE" && event.key.startsWith("Arrow"))) return;
    else {
      const action = { k: "play", ",": "back", ".": "forth", ArrowLeft: "back", ArrowRight: "forth", r: "rescale", s: "store", n: "rise" }[event.key];
      if (action) this[`do_${action}`]();
      else if (event.key === "Home" || event.key === "End") this.go(event.key === "End" ? this.trace.length : 0);
      else return;
    }
    event.preventDefault();
  }

  /** Focus the nearest tile in an arrow's direction. */
  #toward(from, key) {
    const centers = this.#spotList.map(({ rect: [x0, y0, x1, y1] }) => [(x0 + x1) / 2, (y0 + y1) / 2]);
    const [axis, way] = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 1], ArrowDown: [1, -1] }[key];
    const distance = (to) => {
      const along = way * (centers[to][axis] - centers[from][axis]), aside = Math.abs(centers[to][1 - axis] - centers[from][1 - axis]);
      return along > 1e-3 ? along + 3 * aside : Infinity;
    };
    const to = centers.map((_, index) => index).reduce((best, index) => (distance(index) < distance(best) ? index : best), from);
    this.#spotList[from].button.tabIndex = -1;
    Object.assign(this.#spotList[to].button, { tabIndex: 0 }).focus();
  }
}

if (!customElements.get("flash-trace-player")) customElements.define("flash-trace-player", FlashTracePlayer);
