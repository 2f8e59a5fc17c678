"use strict";
// The what-if profiler. All numbers come from the element profiler-data; nothing is requested.
// The predictor is that of ntkreg/ntk/portable.py, in the same order. Of a row only the inputs of
// one factor change along its curve, so their part of every inner product is computed once for
// each place of the curve, and a move costs one sum and one look-up a pair of rows.
(() => {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("profiler-data").textContent);
  const { text, factors, limits, half } = data;
  const NEAR = 1e-8;

  // ---- the predictor
  const arrays = data.arrays.map((packed) => {
    if (Array.isArray(packed)) return Float64Array.from(packed);
    const bytes = Uint8Array.from(atob(packed.f8), (letter) => letter.charCodeAt(0));
    return new Float64Array(bytes.buffer);
  });
  const n = data.rowNumbers.length, p = data.columns, rows = arrays[data.rows];
  const cutUp = (flat, counts) => {
    let end = 0;
    return counts.map((count) => flat.subarray(end, (end += count)));
  };
  const embeddings = data.embeddings.map((e) => ({
    clipped: e.clipped, mean: arrays[e.mean], scale: arrays[e.scale],
    lower: arrays[e.lower], upper: arrays[e.upper],
    knots: cutUp(arrays[e.knots], e.nKnots), scores: cutUp(arrays[e.scores], e.nKnots),
    levels: cutUp(arrays[e.levels], e.nLevels),
  }));

  function interpolate(x, knots, scores) {
    let low = 0, high = knots.length - 1;
    if (x <= knots[0]) return scores[0];
    if (x >= knots[high]) return scores[high];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (knots[middle] <= x) low = middle; else high = middle;
    }
    const slope = (scores[high] - scores[low]) / (knots[high] - knots[low]);
    return slope * (x - knots[low]) + scores[low];
  }

  // the inputs that a value of one column becomes, written to out from m.first[column] on
  function writeInputs(m, column, value, out) {
    const e = m.embedding, x = Math.min(Math.max(value, e.lower[column]), e.upper[column]);
    let k = m.first[column];
    if (e.scale[column] > 0) {
      let z = (x - e.mean[column]) / e.scale[column];
      if (e.clipped) z /= Math.sqrt(1 + (z / 3) * (z / 3));
      out[k] = z * m.scales[k++];
    }
    if (e.knots[column].length) {
      out[k] = interpolate(x, e.knots[column], e.scores[column]) * m.scales[k++];
    }
    const levels = e.levels[column];
    for (const level of levels) out[k] = ((x === level) - 1 / levels.length) * m.scales[k++];
  }

  const members = data.members.map((given) => {
    const embedding = embeddings[given.embedding], first = [0];
    for (let j = 0; j < p; j++) {
      const own = (embedding.scale[j] > 0) + (embedding.knots[j].length > 0);
      first.push(first[j] + own + embedding.levels[j].length);
    }
    const m = { embedding, first, d: first[p], scales: arrays[given.scales], bias: given.bias,
      profile: given.profile === null ? null : arrays[given.profile], sphere: given.sphere };
    const coefficients = arrays[given.coefficients];
    m.count = m.profile ? n : 1;
    m.support = new Float64Array(m.count * m.d);
    m.inverse = new Float64Array(m.count);
    m.weight = new Float64Array(m.count);
    if (!m.profile) {
      m.support.set(coefficients.subarray(0, m.d));
      m.constant = m.bias * coefficients[m.d];
      return m;
    }
    const x = new Float64Array(m.d);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < p; j++) writeInputs(m, j, rows[i * p + j], x);
      m.support.set(x, i * m.d);
      const norm = Math.sqrt(x.reduce((sum, v) => sum + v * v, m.bias * m.bias));
      m.inverse[i] = norm > 0 ? 1 / norm : 0;
      m.weight[i] = coefficients[i] * (m.sphere ? 1 : norm);
    }
    m.constant = m.bias * m.bias;
    return m;
  });

  // a factor is one column of numbers, or a column of zeros and ones for each level
  const encoded = (f, value, j) => (f.levels ? +(j === value) : value);

  // what a factor at one value adds to the inner products with all rows and to the squared norm
  function contribution(m, f, value, dot, at) {
    const x = new Float64Array(m.d);
    let square = 0;
    f.at.forEach((column, j) => {
      writeInputs(m, column, encoded(f, value, j), x);
      for (let k = m.first[column]; k < m.first[column + 1]; k++) {
        square += x[k] * x[k];
        for (let i = 0; i < m.count; i++) dot[at + i] += x[k] * m.support[i * m.d + k];
      }
    });
    return square;
  }

  // 1 - cosine has no digits left where rows nearly coincide: the chord between them has
  function chord(m, i, norm, moved, value) {
    const x = new Float64Array(m.d);
    factors.forEach((f, k) => f.at.forEach((column, j) =>
      writeInputs(m, column, encoded(f, k === moved ? value : state[k], j), x)));
    let sum = (m.bias / norm - m.bias * m.inverse[i]) ** 2;
    for (let k = 0; k < m.d; k++) sum += (x[k] / norm - m.support[i * m.d + k] * m.inverse[i]) ** 2;
    return Math.sqrt(sum / 2);
  }

  function evaluate(m, rest, part, at, square, moved, value) {
    if (!m.profile) return rest[0] + part[at];
    const { profile, inverse, weight } = m, pieces = profile.length / 12;
    const norm = Math.sqrt(square), scale = norm > 0 ? 1 / norm : 0;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const c = (rest[i] + part[at + i]) * scale * inverse[i];
      const left = 1 - Math.abs(c);
      let t = Math.sqrt(left > 0 ? left : 0);
      if (left < NEAR && c > 0) t = chord(m, i, norm, moved, value);
      let piece = (t * pieces) | 0;
      if (piece >= pieces) piece = pieces - 1;
      const v = t * pieces - (piece + 0.5), k = 6 * (c < 0 ? piece + pieces : piece);
      sum += weight[i] * (profile[k] + v * (profile[k + 1] + v * (profile[k + 2] + v *
        (profile[k + 3] + v * (profile[k + 4] + v * profile[k + 5])))));
    }
    return (m.sphere ? 1 : norm) * sum;
  }

  const state = factors.map((f) => f.start);
  const nothing = new Float64Array(n);
  for (const m of members) {
    m.own = factors.map(() => ({ dot: new Float64Array(m.count), square: 0 }));
    m.total = new Float64Array(m.count);
    m.rest = new Float64Array(m.count);
    m.curves = factors.map(() => null);
  }

  function setFactor(k, value) {
    state[k] = value;
    for (const m of members) {
      m.own[k].dot.fill(0);
      m.own[k].square = contribution(m, factors[k], value, m.own[k].dot, 0);
    }
  }

  function predict() {
    let result = data.offset;
    for (const m of members) {
      m.total.fill(m.constant);
      m.square = m.bias * m.bias;
      for (const own of m.own) {
        m.square += own.square;
        for (let i = 0; i < m.count; i++) m.total[i] += own.dot[i];
      }
      result += evaluate(m, m.total, nothing, 0, m.square, -1, 0);
    }
    return result;
  }

  function curveParts(m, k) {
    const { places } = factors[k], dot = new Float64Array(places.length * m.count);
    const squares = places.map((value, g) => contribution(m, factors[k], value, dot, g * m.count));
    return (m.curves[k] = { dot, squares });
  }

  function curve(k) {
    const { places } = factors[k], values = new Array(places.length).fill(data.offset);
    for (const m of members) {
      const parts = m.curves[k] || curveParts(m, k), own = m.own[k];
      for (let i = 0; i < m.count; i++) m.rest[i] = m.total[i] - own.dot[i];
      const square = m.square - own.square;
      for (let g = 0; g < places.length; g++) {
        values[g] += evaluate(
          m, m.rest, parts.dot, g * m.count, square + parts.squares[g], k, places[g]);
      }
    }
    return values;
  }

  // ---- the page
  const WIDTH = 320, HEIGHT = 156, LEFT = 50, RIGHT = 10, TOP = 8, BOTTOM = 22, SHOWN = 24;
  const SPAN = WIDTH - LEFT - RIGHT;
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const show = (value, decimals) => {
    const size = Math.abs(value), long = size >= 1e7 || (size > 0 && size < 1e-4);
    return (long ? value.toExponential(3) : value.toFixed(decimals)).replace("-", "\u2212");
  };
  const target = (value) => show(value, data.decimals);
  const say = (words) => { find("profiler-message").textContent = words; };
  const band = half === null ? 0 : half;

  data.order.forEach((k) => {
    const f = factors[k], count = f.places.length;
    f.across = (value) => LEFT + SPAN * (f.levels
      ? (f.places.indexOf(value) + 0.5) / count : (value - f.low) / (f.high - f.low));
    f.nearest = (share) => {
      if (f.levels) return f.places[Math.min(Math.floor(share * count), count - 1)];
      const value = f.low + share * (f.high - f.low), far = (v) => Math.abs(v - value);
      if (f.snaps) return f.places.reduce((best, v) => (far(v) < far(best) ? v : best));
      return Number((f.low + Math.round((value - f.low) / f.step) * f.step).toPrecision(12));
    };
  });

  function draw(svg, tag, attributes, words) {
    const node = document.createElementNS(svg.namespaceURI, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (words !== undefined) node.textContent = words;
    svg.append(node);
  }

  function ticks([low, high]) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((times) => times * power >= rough);
    const decimals = Math.min(Math.max(-Math.floor(Math.log10(step) + 1e-9), 0), 7), found = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
    return found.map((value) => [value, show(value, decimals)]);
  }

  function drawCurve(k, values, domain, prediction) {
    const f = factors[k], svg = f.svg, bottom = HEIGHT - BOTTOM;
    const y = (v) => (bottom - (bottom - TOP) * (v - domain[0]) / (domain[1] - domain[0])).toFixed(1);
    const line = (kind, d) => draw(svg, "path", { class: kind, d });
    svg.replaceChildren();
    for (const [value, words] of ticks(domain)) {
      line("grid", `M${LEFT} ${y(value)}h${SPAN}`);
      draw(svg, "text", { x: LEFT - 5, y: +y(value) + 3.5, "text-anchor": "end" }, words);
    }
    const points = f.places.map((place, g) => [f.across(place).toFixed(1), values[g]]);
    const path = (list, shift) => list.map(([x, v]) => `${x} ${y(v + shift)}`).join("L");
    if (f.levels) {
      for (const [x, v] of points) {
        line("bar", `M${x} ${y(v - band)}V${y(v + band)}`);
        draw(svg, "circle", { class: "dot", cx: x, cy: y(v), r: 3 });
      }
      f.short.forEach((words, g) => draw(svg, "text",
        { x: points[g][0], y: HEIGHT - 6, "text-anchor": "middle" }, words));
    } else {
      line("band", `M${path(points, band)}L${path(points.slice().reverse(), -band)}Z`);
      line("curve", `M${path(points, 0)}`);
      for (const [value, anchor] of [[f.low, "start"], [f.high, "end"]]) {
        const place = { x: f.across(value), y: HEIGHT - 6, "text-anchor": anchor };
        draw(svg, "text", place, show(value, f.decimals));
      }
    }
    for (const value of limits.filter((v) => v > domain[0] && v < domain[1])) {
      line("limit", `M${LEFT} ${y(value)}h${SPAN}`);
    }
    const x = f.across(state[k]).toFixed(1);
    line("now", `M${x} ${TOP}V${bottom}`);
    draw(svg, "circle", { class: "point", cx: x, cy: y(prediction), r: 4.5 });
    const ends = { low: target(Math.min(...values)), high: target(Math.max(...values)) };
    svg.setAttribute("aria-label", fill(text.curve, { name: f.label, ...ends }));
  }

  let visible = SHOWN, frame = 0, timer = 0, latest = NaN;
  function update() {
    const start = performance.now(), shown = data.order.slice(0, visible);
    latest = predict();
    const curves = shown.map(curve), all = curves.flat().concat(latest);
    const low = Math.min(data.range[0], Math.min(...all) - band);
    const high = Math.max(data.range[1], Math.max(...all) + band);
    shown.forEach((k, at) => drawCurve(k, curves[at], [low, high], latest));
    const ends = { low: target(latest - band), high: target(latest + band) };
    const interval = half === null ? text.no_interval : fill(text.interval, ends);
    find("profiler-value").value = String(latest);
    find("profiler-value").textContent = target(latest);
    find("profiler-interval").textContent = interval;
    clearTimeout(timer);
    timer = setTimeout(() => {
      find("profiler-live").textContent = `${text.prediction} ${target(latest)}. ${interval}`;
    }, 500);
    find("profiler-app").dataset.milliseconds = String(performance.now() - start);
    frame = 0;
  }

  function put(k, value, typing) {
    const f = factors[k];
    setFactor(k, value);
    if (f.levels) f.list.value = String(value);
    else {
      if (!typing) f.number.value = String(value);
      f.number.setAttribute("aria-invalid", "false");
      f.slider.value = String(f.snaps ? f.places.indexOf(f.nearest((value - f.low) / (f.high - f.low))) : value);
      f.slider.setAttribute("aria-valuetext", String(value));
    }
    frame = frame || requestAnimationFrame(update);
  }

  function type(k) {
    const f = factors[k], value = f.number.valueAsNumber;
    const ends = { name: f.label, low: show(f.low, f.decimals), high: show(f.high, f.decimals) };
    if (value >= f.low && value <= f.high) put(k, value, true);
    else f.number.setAttribute("aria-invalid", "true");
    say(f.number.getAttribute("aria-invalid") === "true" ? fill(text.outside, ends) : "");
  }

  function addCard(k) {
    const f = factors[k], card = find("profiler-card").content.cloneNode(true);
    const [name, list, number, slider] = [".label", "select", ".typed", ".slider"].map((kind) =>
      card.querySelector(kind));
    Object.assign(f, { list, number, slider, svg: card.querySelector("svg") });
    name.textContent = f.label;
    name.title = f.name;
    for (const input of [list, number, slider]) input.setAttribute("aria-label", f.label);
    if (f.levels) {
      f.places.forEach((value) => list.add(new Option(f.levels[value] ?? text.other, value)));
      list.addEventListener("change", () => put(k, Number(list.value)));
      [number, slider].forEach((input) => input.remove());
    } else {
      Object.assign(number, { min: f.low, max: f.high, step: "any" });
      Object.assign(slider, f.snaps ? { min: 0, max: f.places.length - 1, step: 1 }
        : { min: f.low, max: f.high, step: f.step });
      number.addEventListener("input", () => type(k));
      slider.addEventListener("input", () =>
        put(k, f.snaps ? f.places[slider.value] : Number(slider.value)));
      list.remove();
    }
    const drag = (event) => {
      const box = f.svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * WIDTH;
      if (event.buttons) put(k, f.nearest(Math.min(Math.max((x - LEFT) / SPAN, 0), 1)));
    };
    f.svg.addEventListener("pointerdown", drag);
    f.svg.addEventListener("pointermove", drag);
    find("profiler-cards").append(card);
  }

  function startFrom(row) {
    for (const k of data.order) {
      const own = factors[k].at.map((column) => rows[row * p + column]);
      put(k, factors[k].levels ? own.indexOf(1) : own[0]);
    }
  }

  // a cell that begins like a formula would be one in Excel
  const cell = (words) => {
    const line = String(words).replace(/\s+/g, " ");
    const safe = /^[=+@-]/.test(line) && isNaN(line) ? `'${line}` : line;
    return /"/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  async function copy() {
    const values = factors.map((f, k) => (f.levels ? f.levels[state[k]] : state[k]) ?? "");
    const found = half === null ? [latest] : [latest, latest - half, latest + half];
    const head = [...factors.map((f) => f.name), ...text.columns.slice(0, found.length)];
    const table = [head, [...values, ...found]].map((line) => line.map(cell).join("\t")).join("\n");
    const area = find("profiler-text");
    area.value = table;
    try {
      await navigator.clipboard.writeText(table);
      say(text.copied);
    } catch {
      // a page opened from a file may not be let at the clipboard: the reader presses Ctrl+C
      area.hidden = false;
      area.select();
      say(document.execCommand("copy") ? text.copied : text.press);
    }
  }

  data.order.forEach(addCard);
  const cards = [...find("profiler-cards").children];
  const reveal = (count) => {
    visible = count;
    cards.forEach((card, at) => { card.hidden = at >= count; });
    find("profiler-more").hidden = count >= cards.length;
    update();
  };
  const reset = () => data.order.forEach((k) => put(k, factors[k].start));
  data.rowNumbers.forEach((row, at) => find("profiler-row").add(new Option(row, at)));
  find("profiler-row").addEventListener("change", (event) => startFrom(Number(event.target.value)));
  find("profiler-reset").addEventListener("click", reset);
  find("profiler-copy").addEventListener("click", copy);
  find("profiler-more").addEventListener("click", () => reveal(cards.length));
  find("profiler-off").hidden = true;
  find("profiler-app").hidden = false;
  reset();
  reveal(SHOWN);
})();
