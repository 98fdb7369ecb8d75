// The picture of a game, and data drawn on its plane. The kernel's side is sheet.py; strokes.js
// stands before this.
const SIZE = 600; // pixels of the canvas, which is scaled to the plane

function render({ model, el }) {
  const frame = document.createElement("div");
  Object.assign(frame.style, { position: "relative", width: "100%", lineHeight: "0" });
  const picture = document.createElement("img");
  Object.assign(picture.style, { width: "100%", height: "auto" });
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute(
    "aria-label",
    "Plane to draw points on. Arrow keys move the cross, space sets a point."
  );
  const [left, top, right, bottom] = model.get("plane").map((share) => 100 * share);
  Object.assign(canvas.style, {
    position: "absolute",
    left: `${left}%`,
    top: `${top}%`,
    width: `${right - left}%`,
    height: `${bottom - top}%`,
    boxSizing: "border-box",
    border: "3px solid #0072B2",
    touchAction: "none",
    cursor: "crosshair",
  });
  const clear = document.createElement("button");
  clear.textContent = "Clear";
  const count = document.createElement("span");
  count.setAttribute("aria-live", "polite");
  const bar = document.createElement("div");
  Object.assign(bar.style, { gap: "1em", alignItems: "center", padding: "4px 0" });
  bar.append(clear, count);
  frame.append(picture, canvas);
  el.append(bar, frame);

  // A picture that is shown needs its address until the next one is there.
  let addresses = [];
  picture.addEventListener("load", () => {
    addresses.slice(0, -1).forEach((address) => URL.revokeObjectURL(address));
    addresses = addresses.slice(-1);
    // Its height is known before the next picture is decoded, so that nothing below it jumps.
    picture.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
  });
  const show = () => {
    const file = new Blob([model.get("value")], { type: `image/${model.get("format")}` });
    addresses.push(URL.createObjectURL(file));
    picture.src = addresses.at(-1);
  };
  const name = () => {
    picture.title = picture.alt = model.get("words");
  };
  const open = () => {
    const drawing = model.get("drawing");
    canvas.style.display = drawing ? "block" : "none";
    bar.style.display = drawing ? "flex" : "none";
  };
  const told = (points) => {
    count.textContent =
      points === 0
        ? "Draw on the plane with a mouse or a finger; the game plays on it when you let go."
        : `${describeCount(points)}, which the game learns`;
  };
  const strokes = drawPoints({ model, canvas, told, radius: 5 });
  clear.addEventListener("click", strokes.clear);
  const followed = { "change:value": show, "change:words": name, "change:drawing": open };
  for (const [event, action] of Object.entries(followed)) {
    model.on(event, action);
    action();
  }
  return () => {
    strokes.end();
    for (const [event, action] of Object.entries(followed)) model.off(event, action);
    addresses.forEach((address) => URL.revokeObjectURL(address));
  };
}

export default { render };
