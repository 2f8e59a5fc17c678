// What a reader would see as a fault of layout: texts and controls that lie on each other or
// leave their card, texts that leave their chart, a page wider than the screen.
(print) => {
  const closed = "details:not([open]) > :not(summary)";
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) &&
    !e.closest(print ? ".unseen" : `.unseen, .skip, ${closed}`);
  // half a letter's height of two lines may meet: a line's box is taller than its ink
  const box = (element, text, b) => ({ element, text, left: b.left + 1, right: b.right - 1,
    top: b.top + b.height * 0.2, bottom: b.bottom - b.height * 0.2 });
  const meet = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const clashes = (list, allowed) => {
    const found = [];
    list.sort((a, b) => a.top - b.top);
    list.forEach((a, k) => {
      for (let j = k + 1; j < list.length && list[j].top < a.bottom; j++)
        if (meet(a, list[j]) && !allowed(a, list[j])) found.push([a.text, list[j].text]);
    });
    return found;
  };
  const leaves = (b, f, slack) => b.left < f.left - slack || b.right > f.right + slack ||
    b.top < f.top - slack || b.bottom > f.bottom + slack;

  const boxes = [], range = document.createRange();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const other = "script, style, template, svg, option, textarea, select";
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest(other) || !shown(parent)) continue;
    range.selectNodeContents(node);
    for (const b of range.getClientRects())
      if (b.width > 1) boxes.push(box(parent, node.data.trim().slice(0, 30), b));
  }
  for (const e of document.querySelectorAll("input, select, button, textarea, svg.chart"))
    if (shown(e)) boxes.push(box(e, `${e.tagName} ${e.id}`, e.getBoundingClientRect()));
  // what a scrolling table hides behind its edge lies on nothing
  const scrolls = (e) => {
    const around = print ? null : e.closest(".scroll");
    return around !== null && around.scrollWidth > around.clientWidth;
  };
  const related = (a, b) => a.element.contains(b.element) || b.element.contains(a.element) ||
    scrolls(a.element) !== scrolls(b.element);
  const spilled = boxes.filter(({ element, ...b }) => {
    const card = element.closest(print ? ".card, .scroll, main" : ".card");
    return card && (print || !element.closest(".scroll")) &&
      leaves(b, card.getBoundingClientRect(), 1);
  });

  const charts = [], outside = [];
  for (const svg of document.querySelectorAll("svg")) {
    if (!shown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((e) => {
      const b = e.getBoundingClientRect(), m = e.getScreenCTM();
      if (leaves(b, frame, 2)) outside.push(e.textContent);
      // boxes of tilted texts meet where the texts do not
      return { tilted: Math.abs(m.a * m.b) > 1e-3, ...box(e, e.textContent, b) };
    });
    charts.push(...clashes(texts, (a, b) => a.tilted && b.tilted));
  }
  const figures = [...document.querySelectorAll("figure.card")].filter(shown);
  return {
    seen: boxes.length,
    faults: {
      clashes: clashes(boxes, related), spilled: spilled.map((b) => b.text), charts, outside,
      wider: Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, 0),
      unlabelled: [...document.querySelectorAll("input, select, textarea, button")].filter(
        (e) => !e.labels?.length && !e.ariaLabel && !e.textContent.trim()).map((e) => e.outerHTML),
      // a figure that may not break and is higher than a page would be cut
      cut: print ? figures.filter((f) => f.offsetHeight > 1000 ||
        getComputedStyle(f).breakInside !== "avoid").map((f) => f.textContent.slice(0, 60)) : [],
    },
  };
}
