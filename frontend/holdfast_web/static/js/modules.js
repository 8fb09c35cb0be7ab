// What Python can import from JavaScript: `from holdfast_js import body`. Only browser/ does.

export { default as kernel } from "../vendor/wybthon-kernel.js";
export * as body from "./body.js";
export * as events from "./events.js";
export * as follow from "./follow.js";
export * as http from "./http.js";
export * as locks from "./locks.js";
export * as page from "./page.js";
export * as store from "./store.js";

export const composer = globalThis.holdfastComposer; // from the head of the page
