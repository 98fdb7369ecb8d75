// Drawing points on a canvas that covers the plane. Stands before sheet.js, which uses it.
const APART = 0.06; // least distance of two points, in units of the plane
const MOST = 400;

// Let a person draw into the trait "coordinates" of the model. `told` takes the number of points;
// `radius` is that of a dot, in pixels of the canvas. Returns what ends it.
function drawPoints({ model, canvas, told, radius }) {
  const edge = model.get("edge");
  const size = canvas.width;
  let points = [...model.get("coordinates")];
  let cross = [0, 0];
  let drawing = false;

  const toPixel = ([x, y]) => [((x + edge) / (2 * edge)) * size, ((edge - y) / (2 * edge)) * size];
  const paint = () => {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, size, size);
    context.fillStyle = "#0072B2";
    context.strokeStyle = "white";
    for (const point of points) {
      const [x, y] = toPixel(point);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
    if (document.activeElement === canvas && !drawing) {
      const [x, y] = toPixel(cross);
      context.strokeStyle = "black";
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x - 8, y);
      context.lineTo(x + 8, y);
      context.moveTo(x, y - 8);
      context.lineTo(x, y + 8);
      context.stroke();
      context.lineWidth = 1;
    }
    told(points.length);
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
  const clear = () => {
    points = [];
    save();
    paint();
  };
  const follow = () => {
    points = [...model.get("coordinates")];
    paint();
  };
  model.on("change:coordinates", follow);
  paint();
  return { clear, end: () => model.off("change:coordinates", follow) };
}

function describeCount(count) {
  return count === 1 ? "1 point" : `${count} points`;
}
