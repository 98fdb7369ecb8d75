// A square to draw points in. The kernel's side is pad.py; strokes.js stands before this.
const SIZE = 360; // pixels

function render({ model, el }) {
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

  const told = (points) => {
    count.textContent = describeCount(points);
  };
  const strokes = drawPoints({ model, canvas, told, radius: 4 });
  clear.addEventListener("click", strokes.clear);
  return strokes.end;
}

export default { render };
