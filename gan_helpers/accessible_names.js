// ipywidgets leaves the handles of sliders and the buttons of players without a name. What a
// screen reader should say stands beside the one, and is shown by the icon of the other.
const BUTTONS = { "fa-play": "Play", "fa-pause": "Pause", "fa-stop": "Stop", "fa-retweet": "Repeat" };

function giveNames(box) {
  for (const handle of box.querySelectorAll(".noUi-handle")) {
    const label = handle.closest(".widget-slider")?.querySelector(".widget-label");
    if (label) setName(handle, label.textContent);
  }
  for (const icon of box.querySelectorAll(".widget-play button > i")) {
    const kind = Object.keys(BUTTONS).find((name) => icon.classList.contains(name));
    if (kind) setName(icon.parentElement, BUTTONS[kind]);
  }
}

function setName(element, name) {
  // Setting the same name again would wake the observer for ever.
  if (element.getAttribute("aria-label") !== name) element.setAttribute("aria-label", name);
}

function render({ el }) {
  el.style.display = "none";
  // Controls appear after this, and a player's icon changes when it starts.
  const observer = new MutationObserver(() => giveNames(el.parentElement));
  let waiting;
  const begin = () => {
    if (!el.isConnected) {
      waiting = requestAnimationFrame(begin);
      return;
    }
    giveNames(el.parentElement);
    observer.observe(el.parentElement, { subtree: true, childList: true, attributeFilter: ["class"] });
  };
  begin();
  return () => {
    cancelAnimationFrame(waiting);
    observer.disconnect();
  };
}

export default { render };
