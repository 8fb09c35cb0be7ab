export function ready() { document.documentElement.dataset.app = "ready"; performance.mark("ready"); }
export function failed(e) { console.error(e); if (document.documentElement.dataset.app !== "ready") document.documentElement.dataset.app = "failed"; }
