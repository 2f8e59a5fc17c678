"use strict";
// The what-if profiler. All numbers come from the element profiler-data; nothing is requested.
// The predictor is that of ntkreg/ntk/portable.py. Along the curve of a factor only its own inputs
// change, so their part of the inner products with all rows is computed once for each place of the
// curve, and a move costs one sum and one look-up for each place and row.
(() => {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("profiler-data").textContent);
  const { text, factors, order, limits, half } = data;

  // ---- the predictor
  const arrays = data.arrays.map((packed) => Array.isArray(packed) ? Float64Array.from(packed)
    : new Float64Array(Uint8Array.from(atob(packed.f8), (letter) => letter.charCodeAt(0)).buffer));
  const n = data.rowNumbers.length, p = data.columns, rows = arrays[data.rows];
  const cutUp = (flat, counts) => {
    let end = 0;
    return counts.map((count) => flat.subarray(end, (end += count)));
  };
  const embeddings = data.embeddings.map((e) => ({
    clipped: e.clipped, mean: arrays[e.mean], scale: arrays[e.scale],
    lower: arrays[e.lower], upper: arrays[e.upper], levels: cutUp(arrays[e.levels], e.nLevels),
    knots: cutUp(arrays[e.knots], e.nKnots), scores: cutUp(arrays[e.scores], e.nKnots),
  }));

  function interpolate(x, knots, scores) {
    let low = 0, high = knots.length - 1;
    if (x <= knots[0]) return scores[0];
    if (x >= knots[high]) return scores[high];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (knots[middle] <= x) low = middle; else high = middle;
    }
    return (scores[high] - scores[low]) / (knots[high] - knots[low]) * (x - knots[low]) + scores[low];
  }

  // the inputs that a value of one column becomes, from out[m.first[column]] on
  function writeInputs(m, column, value, out) {
    const { mean, scale, clipped, lower, upper, knots, scores, levels } = m.embedding;
    const x = Math.min(Math.max(value, lower[column]), upper[column]), own = levels[column];
    let k = m.first[column];
    if (scale[column] > 0) {
      const z = (x - mean[column]) / scale[column];
      out[k] = m.scales[k++] * (clipped ? z / Math.sqrt(1 + (z / 3) * (z / 3)) : z);
    }
    if (knots[column].length) {
      out[k] = m.scales[k++] * interpolate(x, knots[column], scores[column]);
    }
    for (const level of own) out[k] = m.scales[k++] * ((x === level) - 1 / own.length);
  }

  const members = data.members.map((given) => {
    const e = embeddings[given.embedding], coefficients = arrays[given.coefficients];
    const profile = given.profile === null ? null : arrays[given.profile], first = [0];
    for (let j = 0; j < p; j++) {
      first.push(first[j] + (e.scale[j] > 0) + (e.knots[j].length > 0) + e.levels[j].length);
    }
    const d = first[p], count = profile ? n : 1, list = () => new Float64Array(count);
    const m = { ...given, embedding: e, scales: arrays[given.scales], profile, first, d, count,
      support: new Float64Array(count * d), inverse: list(), weight: list(), total: list(),
      rest: list(), own: factors.map(() => ({ dot: list(), square: 0 })), curves: {} };
    if (!profile) {
      m.support.set(coefficients.subarray(0, d));
      return { ...m, constant: m.bias * coefficients[d] };
    }
    for (let i = 0; i < n; i++) {
      const x = m.support.subarray(i * d, i * d + d);
      for (let j = 0; j < p; j++) writeInputs(m, j, rows[i * p + j], x);
      const norm = Math.sqrt(x.reduce((sum, v) => sum + v * v, m.bias * m.bias));
      m.inverse[i] = norm > 0 ? 1 / norm : 0;
      m.weight[i] = coefficients[i] * (m.sphere ? 1 : norm);
    }
    return { ...m, constant: m.bias * m.bias };
  });

  // numbers are one column, a category is a column of zeros and ones for each level
  const encoded = (f, value, j) => (f.levels ? +(j === value) : value);
  const state = factors.map((f) => f.start), nothing = new Float64Array(n);

  // adds what a factor contributes to the inner products with all rows; returns its squared norm
  function contribute(m, f, value, dot, at) {
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

  // where rows nearly coincide 1 - cosine has no digits left; the chord between them has
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
      const c = (rest[i] + part[at + i]) * scale * inverse[i], left = 1 - Math.abs(c);
      let t = Math.sqrt(left > 0 ? left : 0);
      if (left < 1e-8 && c > 0) t = chord(m, i, norm, moved, value);
      const piece = Math.min((t * pieces) | 0, pieces - 1), v = t * pieces - (piece + 0.5);
      const k = 6 * (c < 0 ? piece + pieces : piece);
      sum += weight[i] * (profile[k] + v * (profile[k + 1] + v * (profile[k + 2] + v *
        (profile[k + 3] + v * (profile[k + 4] + v * profile[k + 5])))));
    }
    return (m.sphere ? 1 : norm) * sum;
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

  function predictAlong(k) {
    const { places } = factors[k], values = places.map(() => data.offset);
    for (const m of members) {
      if (!m.curves[k]) {
        const dot = new Float64Array(places.length * m.count);
        const squares = places.map((v, g) => contribute(m, factors[k], v, dot, g * m.count));
        m.curves[k] = { dot, squares };
      }
      const { dot, squares } = m.curves[k], own = m.own[k];
      for (let i = 0; i < m.count; i++) m.rest[i] = m.total[i] - own.dot[i];
      places.forEach((value, g) => {
        const square = m.square - own.square + squares[g];
        values[g] += evaluate(m, m.rest, dot, g * m.count, square, k, value);
      });
    }
    return values;
  }

  // ---- the page
  const WIDTH = 320, HEIGHT = 156, LEFT = 50, RIGHT = 10, TOP = 8, BOTTOM = HEIGHT - 22;
  const SPAN = WIDTH - LEFT - RIGHT, SHOWN = 24, band = half === null ? 0 : half;
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const show = (value, decimals) => {
    const size = Math.abs(value), long = size >= 1e7 || (size > 0 && size < 1e-4);
    return (long ? value.toExponential(3) : value.toFixed(decimals)).replace("-", "\u2212");
  };
  const target = (value) => show(value, data.decimals);
  const say = (words) => { find("profiler-message").textContent = words; };
  const across = (f, value) => LEFT + SPAN * (f.levels
    ? (f.places.indexOf(value) + 0.5) / f.places.length : (value - f.low) / (f.high - f.low));

  // the setting at a share of a chart's width
  function settingAt(f, share) {
    if (f.levels) return f.places[Math.min(Math.floor(share * f.places.length), f.places.length - 1)];
    const value = f.low + share * (f.high - f.low), far = (v) => Math.abs(v - value);
    if (f.snaps) return f.places.reduce((best, v) => (far(v) < far(best) ? v : best));
    return Number((f.low + Math.round((value - f.low) / f.step) * f.step).toPrecision(12));
  }

  function draw(svg, tag, attributes, words) {
    const node = document.createElementNS(svg.namespaceURI, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (words !== undefined) node.textContent = words;
    svg.append(node);
  }

  function ticks([low, high]) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough)), found = [];
    const step = power * [1, 2, 5, 10].find((times) => times * power >= rough);
    const decimals = Math.min(Math.max(-Math.floor(Math.log10(step) + 1e-9), 0), 7);
    for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
    return found.map((value) => [value, show(value, decimals)]);
  }

  function drawCurve(k, values, domain, prediction) {
    const f = factors[k], { svg } = f;
    const y = (v) => (BOTTOM - (BOTTOM - TOP) * (v - domain[0]) / (domain[1] - domain[0])).toFixed(1);
    const line = (kind, d) => draw(svg, "path", { class: kind, d });
    const below = (x, anchor, words) =>
      draw(svg, "text", { x, y: HEIGHT - 6, "text-anchor": anchor }, words);
    svg.replaceChildren();
    for (const [value, words] of ticks(domain)) {
      line("grid", `M${LEFT} ${y(value)}h${SPAN}`);
      draw(svg, "text", { x: LEFT - 5, y: +y(value) + 3.5, "text-anchor": "end" }, words);
    }
    const points = f.places.map((place, g) => [across(f, place).toFixed(1), values[g]]);
    const path = (list, shift) => list.map(([x, v]) => `${x} ${y(v + shift)}`).join("L");
    if (f.levels) {
      for (const [x, v] of points) {
        line("bar", `M${x} ${y(v - band)}V${y(v + band)}`);
        draw(svg, "circle", { class: "dot", cx: x, cy: y(v), r: 3 });
      }
      f.short.forEach((words, g) => below(points[g][0], "middle", words));
    } else {
      line("band", `M${path(points, band)}L${path(points.slice().reverse(), -band)}Z`);
      line("curve", `M${path(points, 0)}`);
      below(LEFT, "start", show(f.low, f.decimals));
      below(LEFT + SPAN, "end", show(f.high, f.decimals));
    }
    for (const limit of limits) {
      if (limit > domain[0] && limit < domain[1]) line("limit", `M${LEFT} ${y(limit)}h${SPAN}`);
    }
    const x = across(f, state[k]).toFixed(1);
    line("now", `M${x} ${TOP}V${BOTTOM}`);
    draw(svg, "circle", { class: "point", cx: x, cy: y(prediction), r: 4.5 });
    const ends = { low: target(Math.min(...values)), high: target(Math.max(...values)) };
    svg.setAttribute("aria-label", fill(text.curve, { name: f.label, ...ends }));
  }

  let visible = SHOWN, frame = 0, timer = 0, latest = NaN;
  function update() {
    const start = performance.now(), shown = order.slice(0, visible);
    latest = predict();
    const curves = shown.map(predictAlong), all = curves.flat().concat(latest);
    const low = Math.min(data.range[0], Math.min(...all) - band);
    const high = Math.max(data.range[1], Math.max(...all) + band);
    shown.forEach((k, at) => drawCurve(k, curves[at], [low, high], latest));
    const ends = { low: target(latest - band), high: target(latest + band) };
    const interval = half === null ? "" : fill(text.interval, ends);
    find("profiler-value").value = String(latest);
    find("profiler-value").textContent = target(latest);
    find("profiler-interval").textContent = interval;
    clearTimeout(timer);
    // a screen reader is told once the settings rest
    timer = setTimeout(() => {
      find("profiler-live").textContent = `${text.prediction} ${target(latest)}. ${interval}`;
    }, 500);
    find("profiler-app").dataset.milliseconds = String(performance.now() - start);
    frame = 0;
  }

  function put(k, value, typing = false) {
    const f = factors[k];
    say("");
    state[k] = value;
    for (const m of members) {
      m.own[k].dot.fill(0);
      m.own[k].square = contribute(m, f, value, m.own[k].dot, 0);
    }
    if (f.levels) f.list.value = String(value);
    else {
      if (!typing) f.number.value = String(value);
      f.number.setAttribute("aria-invalid", "false");
      const near = f.snaps ? settingAt(f, (value - f.low) / (f.high - f.low)) : value;
      f.slider.value = String(f.snaps ? f.places.indexOf(near) : value);
      f.slider.setAttribute("aria-valuetext", String(value));
    }
    frame = frame || requestAnimationFrame(update);
  }

  function type(k) {
    const f = factors[k], value = f.number.valueAsNumber, good = value >= f.low && value <= f.high;
    const ends = { name: f.label, low: show(f.low, f.decimals), high: show(f.high, f.decimals) };
    if (good) put(k, value, true);
    else f.number.setAttribute("aria-invalid", "true");
    say(good ? "" : fill(text.outside, ends));
  }

  function addCard(k) {
    const f = factors[k], card = find("profiler-card").content.cloneNode(true).firstElementChild;
    const [name, svg, list, number, slider] = [".label", "svg", "select", ".typed", ".slider"]
      .map((kind) => card.querySelector(kind));
    Object.assign(f, { svg, list, number, slider });
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
      const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * WIDTH;
      if (event.buttons) put(k, settingAt(f, Math.min(Math.max((x - LEFT) / SPAN, 0), 1)));
    };
    ["pointerdown", "pointermove"].forEach((kind) => svg.addEventListener(kind, drag));
    find("profiler-cards").append(card);
    return card;
  }

  function startFrom(list) {
    const at = Number(list.value);
    for (const k of order) {
      const own = factors[k].at.map((column) => rows[at * p + column]);
      put(k, factors[k].levels ? own.indexOf(1) : own[0]);
    }
    list.value = "";
    say(fill(text.started, { row: data.rowNumbers[at] }));
  }

  // a cell that begins like a formula would be one in Excel
  const cell = (words) => {
    const line = String(words).replace(/\s+/g, " ");
    const safe = /^[=+@-]/.test(line) && isNaN(line) ? `'${line}` : line;
    return safe.includes('"') ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  async function copy() {
    const values = factors.map((f, k) => (f.levels ? f.levels[state[k]] : state[k]) ?? "");
    const found = half === null ? [latest] : [latest, latest - half, latest + half];
    const head = [...factors.map((f) => f.name), ...text.columns.slice(0, found.length)];
    const area = find("profiler-text");
    area.value = [head, [...values, ...found]].map((row) => row.map(cell).join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(area.value);
      say(text.copied);
    } catch {
      // a page opened from a file may be kept from the clipboard: then the reader presses Ctrl+C
      area.hidden = false;
      area.select();
      say(document.execCommand("copy") ? text.copied : text.press);
    }
  }

  const cards = order.map(addCard);
  const reset = () => order.forEach((k) => put(k, factors[k].start));
  const reveal = (count) => {
    visible = count;
    cards.forEach((card, at) => { card.hidden = at >= count; });
    find("profiler-more").hidden = count >= cards.length;
    update();
  };
  data.rowNumbers.forEach((row, at) => find("profiler-row").add(new Option(row, at)));
  find("profiler-row").addEventListener("change", (event) => startFrom(event.target));
  find("profiler-reset").addEventListener("click", reset);
  find("profiler-copy").addEventListener("click", copy);
  find("profiler-more").addEventListener("click", () => reveal(cards.length));
  find("profiler-off").hidden = true;
  find("profiler-app").hidden = false;
  reset();
  reveal(SHOWN);
})();
