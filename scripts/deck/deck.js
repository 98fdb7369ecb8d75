// What does not fit its page is set smaller, down to a size that is still readable from the last
// row; tests/test_export_slides.py finds every page on which that was not enough.
const SMALLEST = { code: 16, text: 22 };

function isVisible(part) {
    return part.getClientRects().length > 0;
}

/** Nothing reaches into the lower margin, where the number of the page stands. */
function fits(page) {
    const margin = parseFloat(getComputedStyle(page).paddingBottom) * Reveal.getScale();
    const bottom = page.getBoundingClientRect().bottom - margin;
    const parts = [...page.querySelectorAll(":scope > *, .prose > *")].filter(isVisible);
    return parts.every(part => part.getBoundingClientRect().bottom <= bottom + 1);
}

/** And no line of code is longer than its box. */
function codeFits(page) {
    const listings = [...page.querySelectorAll("pre")].filter(isVisible);
    return fits(page) && listings.every(listing => listing.scrollWidth <= listing.clientWidth);
}

/** The text leaves a picture beside it enough height. */
function textFits(page) {
    const least = 250 * Reveal.getScale();
    const pictures = [...page.querySelectorAll(".prose > p > img")];
    return fits(page) && pictures.every(image => image.getBoundingClientRect().height >= least);
}

function shrink(page, name, enough) {
    page.style.removeProperty(`--${name}`);
    let size = parseFloat(getComputedStyle(page).getPropertyValue(`--${name}`));
    while (!enough(page) && size > SMALLEST[name]) {
        size -= 1;
        page.style.setProperty(`--${name}`, `${size}px`);
    }
}

function fit() {
    const page = Reveal.getCurrentSlide().querySelector(".page");
    shrink(page, "code", codeFits);
    shrink(page, "text", textFits);
}

async function start() {
    await Reveal.initialize({
        width: 1280,
        height: 720,
        margin: 0,
        center: false,
        hash: true,
        // The arrow keys and a presenter's remote reach every page, one after the other.
        navigationMode: "linear",
        slideNumber: "c/t",
        transition: "none",
        plugins: [RevealNotes],
    });
    await MathJax.startup.promise;
    await document.fonts.ready;
    Reveal.on("slidechanged", fit);
    // Opening a fold makes the page longer; this event does not bubble.
    document.addEventListener("toggle", fit, true);
    fit();
    document.body.dataset.ready = "true";
}

start();
