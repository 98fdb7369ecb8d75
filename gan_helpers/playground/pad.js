// A square to draw points in. The kernel's side is point_pad.py.
const SIZE = 360; // pixels
const APART = 0.06; // least distance of two points, in units of the plane
const MOST = 400;

function render({ model, el }) {
  const edge = model.get("edge");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute(
    "aria-label",
    "Square to draw points in. Arrow keys move the cross, space sets a point."
  );
  Object.assign(canvas.style, {
    border: "1px solid #555",
    background: "white",
    touchAction: "none",
    cursor: "crosshair",
  });
  const clear = document.createElement("button");
  clear.textContent = "Clear";
  const count = document.createElement("span");
  count.setAttribute("aria-live", "polite");
  const bar = document.createElement("div");
  Object.assign(bar.style, { display: "flex", gap: "1em", alignItems: "center" });
  bar.append(clear, count);
  el.append(canvas, bar);

  let points = [...model.get("coordinates")];
  let cross = [0, 0];
  let drawing = false;

  const toPixel = ([x, y]) => [((x + edge) / (2 * edge)) * SIZE, ((edge - y) / (2 * edge)) * SIZE];
  const paint = () => {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = "#0072B2";
    for (const point of points) {
      const [x, y] = toPixel(point);
      context.beginPath();
      context.arc(x, y, 4, 0, 2 * Math.PI);
      context.fill();
    }
    if (document.activeElement === canvas && !drawing) {
      const [x, y] = toPixel(cross);
      context.strokeStyle = "#555";
      context.beginPath();
      context.moveTo(x - 7, y);
      context.lineTo(x + 7, y);
      context.moveTo(x, y - 7);
      context.lineTo(x, y + 7);
      context.stroke();
    }
    count.textContent = points.length === 1 ? "1 point" : `${points.length} points`;
  };
  const save = () => {
    model.set("coordinates", points);
    model.save_changes();
  };
  const add = (point) => {
    const near = points.some(([x, y]) => Math.hypot(x - point[0], y - point[1]) < APART);
    if (!near && points.length < MOST && point.every((value) => Math.abs(value) <= edge)) {
      points = [...points, point];
    }
    paint();
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 * edge - edge;
    const y = edge - ((event.clientY - box.top) / box.height) * 2 * edge;
    return [x, y];
  };
  canvas.addEventListener("pointerdown", (event) => {
    drawing = true;
    canvas.setPointerCapture(event.pointerId);
    add(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drawing) add(place(event));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (drawing) save();
      drawing = false;
    });
  }
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  canvas.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move) {
      const kept = (value) => Math.max(-edge, Math.min(edge, value));
      cross = cross.map((value, axis) => kept(value + 0.1 * move[axis]));
      paint();
    } else if (event.key === " ") {
      add([...cross]);
      save();
    } else {
      return;
    }
    // Neither the page nor the notebook's own keys.
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("focus", paint);
  canvas.addEventListener("blur", paint);
  clear.addEventListener("click", () => {
    points = [];
    save();
    paint();
  });
  const follow = () => {
    points = [...model.get("coordinates")];
    paint();
  };
  model.on("change:coordinates", follow);
  paint();
  return () => model.off("change:coordinates", follow);
}

export default { render };
