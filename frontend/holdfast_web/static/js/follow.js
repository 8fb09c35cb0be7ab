// The view goes with the stream only while the reader is at its end, and never moves otherwise.

const NEAR_PX = 48;

const scroller = document.getElementById("scroller");
let atEnd = true;

const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

scroller.addEventListener("scroll", () => (atEnd = distance() < NEAR_PX), { passive: true });

// Called after layout and before paint, so a new line and its scroll are one picture.
const grown = new ResizeObserver(() => atEnd && distance() > 0 && toEnd());
grown.observe(document.getElementById("thread"));
grown.observe(scroller);

// What the reader unfolds grows downwards from where it was clicked.
scroller.addEventListener("click", (event) => {
  if (event.target.closest("summary, .outside")) atEnd = false;
});

/** Show the end, and follow it: for a thread just opened, or a question just sent. */
export function toEnd() {
  atEnd = true;
  scroller.scrollTop = scroller.scrollHeight;
}

/** Where a thread is left, to come back to: pixels from the top, or -1 at its end. */
export const place = () => (distance() < NEAR_PX ? -1 : scroller.scrollTop);

/** Come back to a place that place() gave. */
export function goTo(top) {
  if (top < 0) return toEnd();
  atEnd = false;
  scroller.scrollTop = top;
}
