// The view goes with the stream only while the reader is at its end, and never moves otherwise.

const NEAR_PX = 48; // of the end, is at the end for who scrolls down to it

const scroller = document.getElementById("scroller");
let atEnd = true;
let last = 0; // where the view was last, whoever moved it

const upperEdge = () => scroller.getBoundingClientRect().top;
let edge = upperEdge();

const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

function scrollTo(top) {
  scroller.scrollTop = top;
  last = scroller.scrollTop;
}

// Also called for what nobody scrolled: for our own moves, and where the browser held what is in
// view in place while something above it grew. Only a reader moves away from the end, upwards.
function onScroll() {
  const [before, now] = [last, scroller.scrollTop];
  last = now;
  if (now < before) atEnd = distance() < 2;
  else if (now > before && !atEnd) atEnd = distance() < NEAR_PX;
}
scroller.addEventListener("scroll", onScroll, { passive: true });

// Called after layout and before paint, so a new line and its scroll are one picture.
const grown = new ResizeObserver(() => {
  const moved = upperEdge() - edge;
  edge += moved;
  if (atEnd) distance() > 0 && toEnd();
  else if (moved !== 0) scrollTo(scroller.scrollTop + moved); // a banner came or went above
});
grown.observe(document.getElementById("thread"));
grown.observe(scroller);

// What the reader unfolds grows downwards from where it was clicked.
scroller.addEventListener("click", (event) => {
  if (event.target.closest("summary, .outside")) atEnd = false;
});

/** Show the end, and follow it: for a thread just opened, or a question just sent. */
export function toEnd() {
  atEnd = true;
  scrollTo(scroller.scrollHeight);
}

/** Where the reader is, as JSON: {message, top} of the first message in view, null at the end. */
export function place() {
  if (atEnd) return "null";
  const upper = upperEdge();
  for (const article of scroller.querySelectorAll("article")) {
    const { top, bottom } = article.getBoundingClientRect();
    if (bottom > upper) return JSON.stringify({ message: article.dataset.messageId, top: top - upper });
  }
  return "null";
}

/** Come back to a place that place() gave, whatever is above it now. */
export function goTo(message, top) {
  const article = scroller.querySelector(`article[data-message-id="${CSS.escape(message)}"]`);
  if (article === null) return toEnd();
  atEnd = false;
  const moved = article.getBoundingClientRect().top - upperEdge() - top;
  scrollTo(scroller.scrollTop + moved);
}
