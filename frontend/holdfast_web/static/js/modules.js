// What Python can import: `from holdfast_js import page`.
export { default as kernel } from "../vendor/wybthon-kernel.js";
export * as page from "./page.js";
